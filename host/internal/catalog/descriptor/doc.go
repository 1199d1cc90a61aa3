// Package descriptor turns the bytes of a catalog-info.yaml into entity documents.
//
// Owns: splitting into documents, YAML 1.2 core scalars, the limits that keep hostile files
// harmless, the ordered Value tree, placeholders, the envelope's rules, problems with file and line.
// Does not own: reading files (source), kinds (catalog/model), what happens to a bad document (catalog/ingest).
// Flow: bytes → Split → []Chunk → Parse → Value → ResolvePlaceholders → CheckEnvelope → model.
package descriptor
