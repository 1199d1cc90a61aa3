-- +goose Up

-- Writers of an installation's blobs hold the lock of its account until they commit.
CREATE TABLE plugin_blob_accounts (
    installation text COLLATE "C" PRIMARY KEY,
    bytes        bigint NOT NULL,
    revision     bigint NOT NULL
);

CREATE TABLE plugin_blobs (
    installation text COLLATE "C" NOT NULL,
    key          bytea       NOT NULL,
    digest       text        NOT NULL,
    size         bigint      NOT NULL,
    media_type   text        NOT NULL,
    metadata     bytea,
    revision     bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (installation, key)
);

-- A content is in one of the next three tables.
CREATE TABLE plugin_blob_contents (
    installation text COLLATE "C" NOT NULL,
    digest       text COLLATE "C" NOT NULL,
    content      text COLLATE "C" NOT NULL UNIQUE,
    refs         bigint NOT NULL,
    PRIMARY KEY (installation, digest)
);

CREATE TABLE plugin_blob_uploads (
    content      text COLLATE "C" PRIMARY KEY,
    installation text COLLATE "C" NOT NULL,
    size         bigint      NOT NULL,
    begun_at     timestamptz NOT NULL
);
CREATE INDEX plugin_blob_uploads_installation ON plugin_blob_uploads (installation);

CREATE TABLE plugin_blob_garbage (
    content text COLLATE "C" PRIMARY KEY,
    since   timestamptz NOT NULL
);
CREATE INDEX plugin_blob_garbage_since ON plugin_blob_garbage (since);
