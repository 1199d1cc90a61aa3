-- +goose Up

-- One row: how often installations were written.
CREATE TABLE plugin_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO plugin_state (id, revision) VALUES (1, 0);

-- wasm is packed (package rows) and stands last: listings never read it.
CREATE TABLE plugin_modules (
    digest     TEXT PRIMARY KEY NOT NULL,
    plugin     TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    publisher  TEXT    NOT NULL,
    manifest   TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    created_at INTEGER,
    created_by TEXT    NOT NULL,
    wasm       BLOB    NOT NULL
) STRICT;
CREATE INDEX plugin_modules_plugin ON plugin_modules (plugin);

CREATE TABLE plugin_installations (
    id              TEXT PRIMARY KEY NOT NULL,
    publisher       TEXT    NOT NULL,
    plugin          TEXT    NOT NULL,
    current         TEXT    NOT NULL,
    previous        TEXT    NOT NULL,
    canary          TEXT    NOT NULL,
    canary_percent  INTEGER NOT NULL,
    pending         TEXT    NOT NULL,
    enabled         INTEGER NOT NULL,
    reason          TEXT    NOT NULL,
    grants          BLOB,
    limits          BLOB,
    config          BLOB,
    data_schema     INTEGER NOT NULL,
    data_compatible INTEGER NOT NULL,
    migrating       INTEGER NOT NULL,
    unproven        INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    created_at      INTEGER,
    updated_at      INTEGER,
    removed_at      INTEGER,
    UNIQUE (publisher, plugin)
) STRICT;
-- Of several publishers' plugins with one id, one runs.
CREATE UNIQUE INDEX plugin_installations_live ON plugin_installations (plugin) WHERE removed_at IS NULL;

CREATE TABLE plugin_history (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER,
    plugin       TEXT NOT NULL,
    installation TEXT NOT NULL,
    action       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    version      TEXT NOT NULL,
    digest       TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    message      TEXT NOT NULL
) STRICT;
CREATE INDEX plugin_history_plugin ON plugin_history (plugin, id);

CREATE TABLE plugin_leases (
    name       TEXT PRIMARY KEY NOT NULL,
    owner      TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Copies of an installation's values from before a migration.
CREATE TABLE plugin_kv_snapshots (
    installation TEXT    NOT NULL,
    schema       INTEGER NOT NULL,
    taken_at     INTEGER,
    PRIMARY KEY (installation, schema)
) STRICT, WITHOUT ROWID;
CREATE TABLE plugin_kv_snapshot_rows (
    installation TEXT    NOT NULL,
    schema       INTEGER NOT NULL,
    key          BLOB    NOT NULL,
    size         INTEGER NOT NULL,
    expires_at   INTEGER,
    value        BLOB    NOT NULL,
    UNIQUE (installation, schema, key)
) STRICT;
