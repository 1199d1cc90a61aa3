// Package model is the kinds of the catalog as data.
//
// Owns: Layer (what a plugin's manifest declares), Model (layers merged and compiled),
// validation of an entity against its kind, and the relations that its fields declare.
// Does not own: the envelope's format rules (sdk/entity), relations of other entities (catalog/ingest).
// Flow: manifests → []Layer → Compile → Model; ingest asks it per entity: Validate, then Relations.
package model
