-- +goose Up

-- One row: the last id of the history, from which revision on the history is
-- complete, and when somebody last began to prune it. What is in the catalog
-- by now has no history before this migration.
CREATE TABLE catalog_history_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    last     INTEGER NOT NULL,
    floor    INTEGER NOT NULL,
    floor_at INTEGER NOT NULL,
    turn_at  INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_history_state (id, last, floor, floor_at, turn_at)
SELECT 1, 0, revision, CASE WHEN revision = 0 THEN 0 ELSE CAST(unixepoch('subsec') * 1000000 AS INTEGER) END, 0 FROM catalog_state;

-- The revisions that have changes: when, and the causes of their changes, packed.
CREATE TABLE catalog_revisions (
    revision INTEGER PRIMARY KEY NOT NULL,
    at       INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    causes   BLOB    NOT NULL
) STRICT;
CREATE INDEX catalog_revisions_at ON catalog_revisions (at);

-- action and cause are numbers: of store.Actions, of the revision's causes.
CREATE TABLE catalog_history (
    id       INTEGER PRIMARY KEY NOT NULL,
    revision INTEGER NOT NULL,
    action   INTEGER NOT NULL,
    cause    INTEGER NOT NULL,
    since    INTEGER,
    ref      TEXT    NOT NULL,
    uid      TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    delta    BLOB
) STRICT;
CREATE INDEX catalog_history_ref ON catalog_history (ref, id);
CREATE INDEX catalog_history_owner ON catalog_history (owner, id) WHERE owner <> '';

CREATE TABLE catalog_deleted_locations (
    id         TEXT PRIMARY KEY NOT NULL,
    type       TEXT NOT NULL,
    target     TEXT NOT NULL,
    created_by TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    deleted_by TEXT NOT NULL,
    plugin     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
