package manifest

import "encoding/json"

// Model is a layer of the catalog's model: data from which the host validates
// entities and derives relations, without running the plugin.
type Model struct {
	Kinds       []Kind       `json:"kinds,omitempty"`
	Relations   []Relation   `json:"relations,omitempty"`
	Annotations []Annotation `json:"annotations,omitempty"`
}

// Kind declares one kind of entity.
type Kind struct {
	Kind        string   `json:"kind" manifest:"required"`
	Title       string   `json:"title,omitempty"`
	Plural      string   `json:"plural,omitempty"`
	Description string   `json:"description,omitempty"`
	APIVersions []string `json:"apiVersions" manifest:"required"`
	// Schema is a JSON Schema that the whole entity is validated against,
	// after the envelope's own rules. It says nothing about the envelope.
	Schema    json.RawMessage `json:"schema" manifest:"required"`
	Relations []RelationField `json:"relations,omitempty"`
	// Variants replace Schema, and Relations if they name any, for entities
	// whose spec.type is the variant's Type.
	Variants []Variant `json:"variants,omitempty"`

	Line int `json:"-" manifest:"line"`
}

// Variant is a form of a kind, chosen by spec.type.
type Variant struct {
	Type        string          `json:"type" manifest:"required"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema" manifest:"required"`
	Relations   []RelationField `json:"relations,omitempty"`

	Line int `json:"-" manifest:"line"`
}

// RelationField is a field of the entity that names other entities, as one
// entity ref or a list of them. Parts that a ref leaves out come from
// DefaultKind and DefaultNamespace.
type RelationField struct {
	Field       string `json:"field" manifest:"required"`   // dotted path, "spec.owner"
	Type        string `json:"type" manifest:"required"`    // from the entity to the target, "ownedBy"
	Inverse     string `json:"inverse" manifest:"required"` // from the target to the entity, "ownerOf"
	DefaultKind string `json:"defaultKind,omitempty"`       // without it the ref must name its kind
	// DefaultNamespace is "inherit" (the entity's own, and the default) or "default".
	DefaultNamespace string   `json:"defaultNamespace,omitempty" manifest:"oneof=inherit|default"`
	AllowedKinds     []string `json:"allowedKinds,omitempty"` // none = any

	Line int `json:"-" manifest:"line"`
}

// Relation names a pair of relation types for readers.
type Relation struct {
	Type         string `json:"type" manifest:"required"`
	Inverse      string `json:"inverse" manifest:"required"`
	Title        string `json:"title,omitempty"`
	InverseTitle string `json:"inverseTitle,omitempty"`
}

// Annotation documents an annotation key.
type Annotation struct {
	Name        string   `json:"name" manifest:"required"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds,omitempty"`
}
