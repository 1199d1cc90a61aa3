-- +goose Up

-- What the processors of an entity looked at elsewhere, packed as lists of
-- references are; NULL = nothing.
ALTER TABLE catalog_entities ADD COLUMN refresh_keys BLOB;
