-- +goose Up

-- Secrets that outlive the process.
CREATE TABLE host_keys (
    name TEXT NOT NULL PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT;
