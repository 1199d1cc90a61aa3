package model

import "encoding/json"

// Layer is the part of the model that one plugin brings: section "model" of
// its manifest, as data. Layers are merged; the order does not matter.
type Layer struct {
	Plugin string `json:"-"` // who declares it, for messages
	Kinds  []Kind `json:"kinds,omitempty"`
}

// Kind declares a kind of entity. A kind and apiVersion have one declaration,
// whichever plugin brings it.
type Kind struct {
	// Kind as entities write it, "Component".
	Kind string `json:"kind"`
	// APIVersions that this declaration is for, "backstage.io/v1alpha1".
	APIVersions []string `json:"apiVersions"`
	Title       string   `json:"title,omitempty"`
	Plural      string   `json:"plural,omitempty"`
	Description string   `json:"description,omitempty"`
	// Schema is a JSON Schema (draft-07 or 2020-12) of the whole entity; the
	// envelope (apiVersion, kind, metadata) is checked by the host and need
	// not be repeated. References to other documents are refused.
	Schema    json.RawMessage `json:"schema,omitempty"`
	Relations []RelationField `json:"relations,omitempty"`
	// Variants replace Schema, and Relations if they name any, for entities
	// whose spec.type is the variant's Type.
	Variants []Variant `json:"variants,omitempty"`
}

// Variant is a form of a kind, chosen by spec.type.
type Variant struct {
	Type        string          `json:"type"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Relations   []RelationField `json:"relations,omitempty"`
}

// Where the namespace of a ref that names none comes from.
const (
	NamespaceInherit = "inherit" // from the entity that holds the ref
	NamespaceDefault = "default" // namespace "default"
)

// RelationField says that a field holds entity refs, one string or an array
// of them, and which pair of relations each makes.
type RelationField struct {
	Field   string `json:"field"`   // dotted path, "spec.owner"
	Type    string `json:"type"`    // from the entity to the ref, "ownedBy"
	Inverse string `json:"inverse"` // from the ref to the entity, "ownerOf"
	// DefaultKind is the kind of a ref that names none; empty means that a ref
	// without a kind is an error.
	DefaultKind string `json:"defaultKind,omitempty"`
	// DefaultNamespace is NamespaceInherit (also when empty) or NamespaceDefault.
	DefaultNamespace string `json:"defaultNamespace,omitempty"`
	// AllowedKinds limits what the ref may name, without regard to case; empty = any.
	AllowedKinds []string `json:"allowedKinds,omitempty"`
}
