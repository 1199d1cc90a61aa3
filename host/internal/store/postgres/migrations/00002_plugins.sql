-- +goose Up

-- One row: how often installations were written. Writers of installations hold
-- its lock until they commit.
CREATE TABLE plugin_state (
    id       smallint PRIMARY KEY CHECK (id = 1),
    revision bigint   NOT NULL
);
INSERT INTO plugin_state (id, revision) VALUES (1, 0);

-- wasm is packed (package rows), so the server need not try again.
CREATE TABLE plugin_modules (
    digest     text COLLATE "C" PRIMARY KEY,
    plugin     text COLLATE "C" NOT NULL,
    version    text   NOT NULL,
    publisher  text   NOT NULL,
    manifest   text   NOT NULL,
    size       bigint NOT NULL,
    created_at timestamptz,
    created_by text   NOT NULL,
    wasm       bytea  NOT NULL
);
ALTER TABLE plugin_modules ALTER COLUMN wasm SET STORAGE EXTERNAL;
CREATE INDEX plugin_modules_plugin ON plugin_modules (plugin);

CREATE TABLE plugin_installations (
    id              text COLLATE "C" PRIMARY KEY,
    publisher       text COLLATE "C" NOT NULL,
    plugin          text COLLATE "C" NOT NULL,
    current         text    NOT NULL,
    previous        text    NOT NULL,
    canary          text    NOT NULL,
    canary_percent  integer NOT NULL,
    pending         text    NOT NULL,
    enabled         boolean NOT NULL,
    reason          text    NOT NULL,
    grants          bytea,
    limits          bytea,
    config          bytea,
    data_schema     integer NOT NULL,
    data_compatible integer NOT NULL,
    migrating       boolean NOT NULL,
    unproven        boolean NOT NULL,
    revision        bigint  NOT NULL,
    created_at      timestamptz,
    updated_at      timestamptz,
    removed_at      timestamptz,
    UNIQUE (publisher, plugin)
);
-- Of several publishers' plugins with one id, one runs.
CREATE UNIQUE INDEX plugin_installations_live ON plugin_installations (plugin) WHERE removed_at IS NULL;

CREATE TABLE plugin_history (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz,
    plugin       text COLLATE "C" NOT NULL,
    installation text NOT NULL,
    action       text NOT NULL,
    subject      text NOT NULL,
    version      text NOT NULL,
    digest       text NOT NULL,
    outcome      text NOT NULL,
    message      text NOT NULL
);
CREATE INDEX plugin_history_plugin ON plugin_history (plugin, id);

CREATE TABLE plugin_leases (
    name       text COLLATE "C" PRIMARY KEY,
    owner      text        NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Copies of an installation's values from before a migration.
CREATE TABLE plugin_kv_snapshots (
    installation text COLLATE "C" NOT NULL,
    schema       integer NOT NULL,
    taken_at     timestamptz,
    PRIMARY KEY (installation, schema)
);
CREATE TABLE plugin_kv_snapshot_rows (
    installation text COLLATE "C" NOT NULL,
    schema       integer NOT NULL,
    size         bigint  NOT NULL,
    expires_at   timestamptz,
    key          bytea   NOT NULL,
    value        bytea   NOT NULL,
    PRIMARY KEY (installation, schema, key)
);
