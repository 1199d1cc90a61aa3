-- +goose Up

CREATE TABLE plugin_blob_accounts (
    installation TEXT PRIMARY KEY NOT NULL,
    bytes        INTEGER NOT NULL,
    revision     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin_blobs (
    installation TEXT    NOT NULL,
    key          BLOB    NOT NULL,
    digest       TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    media_type   TEXT    NOT NULL,
    metadata     BLOB,
    revision     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (installation, key)
) STRICT, WITHOUT ROWID;

-- A content is in one of the next three tables.
CREATE TABLE plugin_blob_contents (
    installation TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    content      TEXT    NOT NULL UNIQUE,
    refs         INTEGER NOT NULL,
    PRIMARY KEY (installation, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin_blob_uploads (
    content      TEXT PRIMARY KEY NOT NULL,
    installation TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    begun_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX plugin_blob_uploads_installation ON plugin_blob_uploads (installation);

CREATE TABLE plugin_blob_garbage (
    content TEXT PRIMARY KEY NOT NULL,
    since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX plugin_blob_garbage_since ON plugin_blob_garbage (since);
