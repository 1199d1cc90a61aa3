// Package ingest is the engine that keeps the catalog equal to its sources.
//
// Owns: locations (configured, registered, Location entities), rules, the pipeline from descriptor to
// stitched entity, liveness and orphans, status items, refresh, pushes and file watching, what is
// written when, which replica leads and how the others follow it.
// Does not own: parsing (descriptor), kinds (model), reading (source), rows (store), the snapshot (index).
// Flow: roots → walk: read sources, process documents → resolve conflicts → diff → stitch → store → Publisher.
// What sources say is kept as facts; a pass computes from them what a change concerns, so the order of reading cannot matter.
package ingest
