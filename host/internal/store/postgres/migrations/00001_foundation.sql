-- +goose Up

-- One row: the newest catalog revision. Writers of the catalog hold its lock
-- until they commit, so revisions become visible in their order.
CREATE TABLE catalog_state (
    id       smallint PRIMARY KEY CHECK (id = 1),
    revision bigint   NOT NULL
);
INSERT INTO catalog_state (id, revision) VALUES (1, 0);

-- body and status are packed (package rows). They are compressed already and
-- read with the row: EXTERNAL and the target keep rows of up to 8 kB in one
-- piece and the server from compressing them again.
CREATE TABLE catalog_entities (
    revision   bigint  NOT NULL,
    updated_at timestamptz,
    orphan     boolean NOT NULL,
    ref        text    COLLATE "C" PRIMARY KEY,
    uid        text    COLLATE "C" NOT NULL UNIQUE,
    kind       text    NOT NULL,
    namespace  text    NOT NULL,
    name       text    NOT NULL,
    etag       text    NOT NULL,
    provider   text    NOT NULL,
    location   text    NOT NULL,
    origin     text    NOT NULL,
    digest     text    NOT NULL,
    status     bytea,
    body       bytea   NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE catalog_entities ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE catalog_entities ALTER COLUMN status SET STORAGE EXTERNAL;

-- One row per declarer: everything that it declared, packed.
CREATE TABLE catalog_relations (
    declared_by text  COLLATE "C" PRIMARY KEY,
    relations   bytea NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE catalog_relations ALTER COLUMN relations SET STORAGE EXTERNAL;

-- One row per source: every ref that it keeps alive, packed.
CREATE TABLE catalog_references (
    source  text  COLLATE "C" PRIMARY KEY,
    targets bytea NOT NULL
);
ALTER TABLE catalog_references ALTER COLUMN targets SET STORAGE EXTERNAL;

CREATE TABLE catalog_sources (
    location   text    COLLATE "C" PRIMARY KEY,
    etag       text    NOT NULL,
    digest     text    NOT NULL,
    error      text    NOT NULL,
    entities   integer NOT NULL,
    checked_at timestamptz,
    next_at    timestamptz
);

-- The feed: the newest change of each ref, deleted refs included.
CREATE TABLE catalog_changes (
    revision bigint  NOT NULL,
    at       timestamptz NOT NULL,
    deleted  boolean NOT NULL,
    ref      text    COLLATE "C" PRIMARY KEY
);
CREATE INDEX catalog_changes_revision ON catalog_changes (revision);

CREATE TABLE catalog_locations (
    id         text COLLATE "C" PRIMARY KEY,
    type       text COLLATE "C" NOT NULL,
    target     text COLLATE "C" NOT NULL,
    created_at timestamptz,
    created_by text NOT NULL,
    UNIQUE (type, target)
);

-- The running account of an installation outlives its rows, so that a
-- revision never repeats. Writers of an installation hold its lock.
CREATE TABLE plugin_kv_accounts (
    installation text   COLLATE "C" PRIMARY KEY,
    bytes        bigint NOT NULL,
    revision     bigint NOT NULL
);

-- Keys are bytes: their order is the order of a scan.
CREATE TABLE plugin_kv (
    revision     bigint NOT NULL,
    size         bigint NOT NULL,
    expires_at   timestamptz,
    installation text   COLLATE "C" NOT NULL,
    key          bytea  NOT NULL,
    value        bytea  NOT NULL,
    PRIMARY KEY (installation, key)
);
CREATE INDEX plugin_kv_expiry ON plugin_kv (installation, expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE user_sessions (
    id         text COLLATE "C" PRIMARY KEY,
    subject    text NOT NULL,
    issuer     text NOT NULL,
    created_at timestamptz,
    seen_at    timestamptz,
    expires_at timestamptz NOT NULL
);
CREATE INDEX user_sessions_expiry ON user_sessions (expires_at);
