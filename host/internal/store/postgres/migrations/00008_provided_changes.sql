-- +goose Up

-- The revision of the bucket that brought the text, so that a large bucket is not
-- read whole for a small change.
ALTER TABLE catalog_provided ADD COLUMN changed bigint NOT NULL DEFAULT 0;
CREATE INDEX catalog_provided_changed ON catalog_provided (bucket, changed);
