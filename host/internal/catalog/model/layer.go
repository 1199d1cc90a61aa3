package model

import "encoding/json"

// Layer is the part of the model that one plugin brings: section "model" of
// its manifest, as data. Layers are merged; the order does not matter.
type Layer struct {
	Plugin string `json:"-"` // who declares it, for messages
	Kinds  []Kind `json:"kinds,omitempty"`
}

// Kind declares a kind, or a variant of one. Several declarations of the same
// kind differ in APIVersions or SpecType; two that overlap are an error.
type Kind struct {
	// Kind as entities write it, "Component".
	Kind string `json:"kind"`
	// APIVersions that this declaration is for, "backstage.io/v1alpha1".
	APIVersions []string `json:"apiVersions"`
	// SpecType makes this the declaration for entities whose spec.type is
	// exactly this; empty is for all that have none of their own.
	SpecType    string `json:"specType,omitempty"`
	Plural      string `json:"plural,omitempty"` // "components"; for people
	Description string `json:"description,omitempty"`
	// Schema is a JSON Schema (draft-07 or 2020-12) of the whole entity; the
	// envelope (apiVersion, kind, metadata) is checked by the host and need
	// not be repeated. Remote references are refused.
	Schema    json.RawMessage `json:"schema,omitempty"`
	Relations []RelationField `json:"relations,omitempty"`
}

// Where the namespace of a ref that names none comes from.
const (
	NamespaceInherit = "inherit" // from the entity that holds the ref
	NamespaceDefault = "default" // namespace "default"
)

// RelationField says that a field holds entity refs, one string or an array
// of them, and which pair of relations each makes.
type RelationField struct {
	Path    string `json:"path"`    // dotted, "spec.owner"
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
