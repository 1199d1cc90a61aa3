-- +goose Up

-- What plugins bring to the catalog, as they brought it: a bucket each.
CREATE TABLE catalog_buckets (
    bucket   text COLLATE "C" NOT NULL PRIMARY KEY,
    owner    text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    entities bigint NOT NULL,
    bytes    bigint NOT NULL
);
CREATE TABLE catalog_provided (
    bucket text COLLATE "C" NOT NULL,
    ref    text COLLATE "C" NOT NULL,
    size   bigint NOT NULL,
    text   bytea NOT NULL,
    PRIMARY KEY (bucket, ref)
);

-- What plugins use of what they were granted, summed over replicas.
CREATE TABLE plugin_uses (
    plugin     text COLLATE "C" NOT NULL,
    capability text COLLATE "C" NOT NULL,
    operation  text COLLATE "C" NOT NULL,
    uses       bigint NOT NULL,
    denied     bigint NOT NULL,
    used_at    bigint NOT NULL,
    denied_at  bigint NOT NULL,
    PRIMARY KEY (plugin, capability, operation)
);
CREATE TABLE plugin_extents (
    plugin     text COLLATE "C" NOT NULL,
    capability text COLLATE "C" NOT NULL,
    extent     text COLLATE "C" NOT NULL,
    used_at    bigint NOT NULL,
    PRIMARY KEY (plugin, capability, extent)
);
