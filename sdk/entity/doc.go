// Package entity is the Backstage entity model as values.
//
// Owns: Ref and its parser, the format rules of names, keys, tags and links.
// Does not own: kinds (data in plugins' model layers), relations between entities (catalog).
// Flow: descriptor → catalog parses → Entity; everything that names an entity uses Ref.
// It has no dependency, so that guests may import it.
package entity
