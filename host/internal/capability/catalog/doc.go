// Package catalog is the capability to read entities.
//
// Owns: the operations catalog.get, query, facets, by-refs, locations, and their scope
// (which kinds; whether with the plugin's own rights).
// Does not own: answering (the catalog's Reader) or the HTTP API (the catalog plugin).
// Flow: guest → Session → operation, narrowed to the scope's kinds → Reader → pieces of the snapshot behind a handle.
package catalog
