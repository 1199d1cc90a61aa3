// Package catalog is the capability to read entities, and to bring some.
//
// Owns: the operations of catalog, and their scope: which kinds are read, with whose rights, and which are brought.
// Does not own: answering (the catalog's Reader and Graph), the bucket that a plugin fills and what becomes
// of it (catalog/ingest), or the HTTP API (the catalog plugin).
// Flow: guest → Session → operation, narrowed to the scope → Reader → pieces of the snapshot behind a handle;
// or → Engine → the plugin's own bucket → the next pass of ingestion → what is wrong with which entity.
package catalog
