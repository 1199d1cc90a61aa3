-- +goose Up

-- One row: the replica that leads the catalog. Its session is pid and
-- started_at, as pg_stat_activity shows them.
CREATE TABLE catalog_leader (
    id         smallint PRIMARY KEY CHECK (id = 1),
    epoch      bigint NOT NULL,
    owner      text COLLATE "C" NOT NULL,
    pid        integer NOT NULL,
    started_at timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    report     bytea
);
INSERT INTO catalog_leader (id, epoch, owner, pid, started_at, until) VALUES (1, 0, '', 0, 'epoch', 'epoch');

-- Batches of an earlier lead are refused.
ALTER TABLE catalog_state ADD COLUMN epoch bigint NOT NULL DEFAULT 0;

-- What replicas ask of the leader.
CREATE TABLE catalog_requests (
    seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id     text COLLATE "C" NOT NULL UNIQUE,
    waits  boolean NOT NULL,
    at     timestamptz NOT NULL,
    body   bytea NOT NULL,
    answer bytea
);

-- Secrets that all replicas share.
CREATE TABLE host_keys (
    name text COLLATE "C" PRIMARY KEY,
    key  bytea NOT NULL
);
