// Package history knows what the catalog was: what one change did, and what an entity looked like before it.
//
// Owns: the delta of a change (fields, relations, status; kept from after to before), the reading of timelines, feeds
// and as-of answers for a viewer, and retention.
// Does not own: who changes what and why (ingest), rows (store), what a viewer may see (index).
// Flow: ingest → Compare, Erase → delta → store.Record … store.History → Reader: undo deltas from today backwards → answer.
package history
