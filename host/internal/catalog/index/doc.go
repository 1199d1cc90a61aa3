// Package index is the catalog in memory: it takes what the engine publishes and answers every read.
//
// Owns: the snapshot (segments, columns, sets), filters and predicates, order, cursors, projection, facets, visibility's seam.
// Does not own: how entities come to be (catalog/ingest), who may see what (policy, through Visibility), HTTP (the catalog plugin).
// Flow: Publish → new segment + tombstones → atomic swap → (merge) ; read → snapshot → selection per segment → order → page.
package index
