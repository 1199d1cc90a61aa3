-- +goose Up

-- One row: the newest catalog revision.
CREATE TABLE catalog_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_state (id, revision) VALUES (1, 0);

-- body and status are packed (package rows), times are microseconds of Unix time.
CREATE TABLE catalog_entities (
    id         INTEGER PRIMARY KEY,
    ref        TEXT    NOT NULL UNIQUE,
    uid        TEXT    NOT NULL UNIQUE,
    kind       TEXT    NOT NULL,
    namespace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    etag       TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    location   TEXT    NOT NULL,
    origin     TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    orphan     INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    updated_at INTEGER,
    status     BLOB,
    body       BLOB    NOT NULL
) STRICT;

-- One row per declarer: everything that it declared, packed.
CREATE TABLE catalog_relations (
    declared_by TEXT PRIMARY KEY NOT NULL,
    relations   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per source: every ref that it keeps alive, packed.
CREATE TABLE catalog_references (
    id      INTEGER PRIMARY KEY,
    source  TEXT NOT NULL UNIQUE,
    targets BLOB NOT NULL
) STRICT;

CREATE TABLE catalog_sources (
    location   TEXT PRIMARY KEY NOT NULL,
    etag       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    error      TEXT    NOT NULL,
    entities   INTEGER NOT NULL,
    checked_at INTEGER,
    next_at    INTEGER
) STRICT, WITHOUT ROWID;

-- The feed: the newest change of each ref, deleted refs included.
CREATE TABLE catalog_changes (
    ref      TEXT    PRIMARY KEY NOT NULL,
    revision INTEGER NOT NULL,
    deleted  INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX catalog_changes_revision ON catalog_changes (revision);

CREATE TABLE catalog_locations (
    id         TEXT PRIMARY KEY NOT NULL,
    type       TEXT NOT NULL,
    target     TEXT NOT NULL,
    created_at INTEGER,
    created_by TEXT NOT NULL,
    UNIQUE (type, target)
) STRICT, WITHOUT ROWID;

-- The running account of an installation outlives its rows, so that a
-- revision never repeats.
CREATE TABLE plugin_kv_accounts (
    installation TEXT PRIMARY KEY NOT NULL,
    bytes        INTEGER NOT NULL,
    revision     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys are bytes: their order is the order of a scan.
CREATE TABLE plugin_kv (
    id           INTEGER PRIMARY KEY,
    installation TEXT    NOT NULL,
    key          BLOB    NOT NULL,
    revision     INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    expires_at   INTEGER,
    value        BLOB    NOT NULL,
    UNIQUE (installation, key)
) STRICT;
CREATE INDEX plugin_kv_expiry ON plugin_kv (installation, expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE user_sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    subject    TEXT NOT NULL,
    issuer     TEXT NOT NULL,
    created_at INTEGER,
    seen_at    INTEGER,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_sessions_expiry ON user_sessions (expires_at);
