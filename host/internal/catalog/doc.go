// Package catalog is the vocabulary of the catalog: what readers ask, what the engine publishes.
//
// Owns: Reader and its queries, Entity, Update, Publisher.
// Does not own: descriptors and their formats (catalog/descriptor), kinds as data (catalog/model),
// the pipeline (catalog/ingest), the snapshot that answers (catalog/index), rows (store), HTTP (the catalog plugin).
// Flow: source → ingest → descriptor, model → store → Publisher = index → Reader → capability/catalog → plugin.
package catalog
