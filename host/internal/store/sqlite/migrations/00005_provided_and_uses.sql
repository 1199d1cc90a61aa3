-- +goose Up

-- What plugins bring to the catalog, as they brought it: a bucket each.
CREATE TABLE catalog_buckets (
    bucket   TEXT PRIMARY KEY NOT NULL,
    owner    TEXT NOT NULL,
    revision INTEGER NOT NULL,
    entities INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE catalog_provided (
    bucket TEXT NOT NULL,
    ref    TEXT NOT NULL,
    size   INTEGER NOT NULL,
    text   BLOB NOT NULL,
    PRIMARY KEY (bucket, ref)
) STRICT;

-- What plugins use of what they were granted, summed over replicas.
CREATE TABLE plugin_uses (
    plugin     TEXT NOT NULL,
    capability TEXT NOT NULL,
    operation  TEXT NOT NULL,
    uses       INTEGER NOT NULL,
    denied     INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    denied_at  INTEGER NOT NULL,
    PRIMARY KEY (plugin, capability, operation)
) STRICT, WITHOUT ROWID;
CREATE TABLE plugin_extents (
    plugin     TEXT NOT NULL,
    capability TEXT NOT NULL,
    extent     TEXT NOT NULL,
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (plugin, capability, extent)
) STRICT, WITHOUT ROWID;
