package model

import "encoding/json"

// Layer is the part of the model that one plugin brings: section "model" of
// its manifest, as data. Layers are merged; the order does not matter.
type Layer struct {
	Plugin string `json:"-"` // who declares it, for messages
	Kinds  []Kind `json:"kinds,omitempty"`
	// Pairs of relations. One that only fields name is the field's.
	Pairs []Pair `json:"pairs,omitempty"`
	// Extensions add to kinds of any layer.
	Extensions []Extension `json:"extensions,omitempty"`
	// Annotations and Labels are keys that people should know of.
	Annotations []Key `json:"-"`
	Labels      []Key `json:"-"`
}

// Key describes an annotation or a label.
type Key struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds,omitempty"` // that carry it; none = any
}

// Pair is two relations that say the same from either end. Type is the one
// that an edge of a graph is called by.
type Pair struct {
	Type    string `json:"type"`
	Inverse string `json:"inverse"`
	// How people call them, "owned by" and "owner of".
	Title        string `json:"-"`
	InverseTitle string `json:"-"`
}

// Kind declares a kind of entity, or a form of one. A kind, apiVersion and type
// have one declaration, whichever plugin brings it.
type Kind struct {
	// Kind as entities write it, "Component".
	Kind string `json:"kind"`
	// Type makes this a form of the kind: it replaces Schema, and Relations if
	// it names any, for entities whose spec.type is this. The kind itself may be
	// of another plugin.
	Type string `json:"type,omitempty"`
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
	Derived
	// Mirrored fields are of all versions and forms of the kind.
	Mirrored []Mirrored `json:"mirrored,omitempty"`
	Line     int        `json:"-"` // in the manifest, for messages; 0 = unknown
}

// Derived are fields that the host fills from the entity itself.
type Derived struct {
	Defaults []Default  `json:"defaults,omitempty"`
	Computed []Computed `json:"computed,omitempty"`
}

// Default is what a field says where a descriptor leaves it out.
type Default struct {
	Field string          `json:"field"` // below spec
	Value json.RawMessage `json:"value"`
}

// Computed is a field that is made of others by Format: text with fields in
// braces; {{ and }} are braces.
type Computed struct {
	Field  string `json:"field"` // below spec
	Format string `json:"format"`
}

// Mirrored is a field that is copied from a related entity, the first that has it.
type Mirrored struct {
	Field    string `json:"field"`          // below spec
	Relation string `json:"relation"`       // from the entity to the other
	Kind     string `json:"kind,omitempty"` // of the other, without regard to case; empty = any
	From     string `json:"from"`           // field of the other
}

// Extension adds to a kind that some layer declares.
type Extension struct {
	Kind        string          `json:"kind"`
	APIVersions []string        `json:"apiVersions,omitempty"` // empty = all
	Type        string          `json:"type,omitempty"`        // spec.type of the entities; empty = all
	Schema      json.RawMessage `json:"schema,omitempty"`
	Relations   []RelationField `json:"relations,omitempty"`
	Derived
	Mirrored []Mirrored `json:"mirrored,omitempty"`
	Line     int        `json:"-"`
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
