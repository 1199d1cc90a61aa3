-- +goose Up

-- One row: the last id of the history, from which revision on the history is
-- complete, and when somebody last began to prune it. What is in the catalog
-- by now has no history before this migration.
CREATE TABLE catalog_history_state (
    id       smallint PRIMARY KEY CHECK (id = 1),
    last     bigint NOT NULL,
    floor    bigint NOT NULL,
    floor_at bigint NOT NULL,
    turn_at  bigint NOT NULL
);
INSERT INTO catalog_history_state (id, last, floor, floor_at, turn_at)
SELECT 1, 0, revision, CASE WHEN revision = 0 THEN 0 ELSE (extract(epoch FROM now()) * 1000000)::bigint END, 0 FROM catalog_state;

-- The revisions that have changes: when, and the causes of their changes, packed.
CREATE TABLE catalog_revisions (
    revision bigint PRIMARY KEY,
    at       bigint NOT NULL,
    first    bigint NOT NULL,
    causes   bytea  NOT NULL
);
ALTER TABLE catalog_revisions ALTER COLUMN causes SET STORAGE EXTERNAL;
CREATE INDEX catalog_revisions_at ON catalog_revisions (at);

-- action and cause are numbers: of store.Actions, of the revision's causes.
-- Nothing here changes but since, so pages are filled to the brim.
CREATE TABLE catalog_history (
    id       bigint   PRIMARY KEY,
    revision bigint   NOT NULL,
    since    bigint,
    action   smallint NOT NULL,
    cause    integer  NOT NULL,
    ref      text COLLATE "C" NOT NULL,
    uid      text COLLATE "C" NOT NULL,
    owner    text COLLATE "C" NOT NULL,
    delta    bytea
);
ALTER TABLE catalog_history ALTER COLUMN delta SET STORAGE EXTERNAL;
CREATE INDEX catalog_history_ref ON catalog_history (ref, id);
CREATE INDEX catalog_history_owner ON catalog_history (owner, id) WHERE owner <> '';

CREATE TABLE catalog_deleted_locations (
    id         text COLLATE "C" PRIMARY KEY,
    type       text   NOT NULL,
    target     text   NOT NULL,
    created_by text   NOT NULL,
    deleted_at bigint NOT NULL,
    deleted_by text   NOT NULL,
    plugin     text   NOT NULL
);
