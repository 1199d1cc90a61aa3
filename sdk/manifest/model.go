package manifest

import "encoding/json"

// Model is a layer of the catalog's model: data from which the host validates
// entities and derives relations, without running the plugin.
type Model struct {
	Kinds       []Kind       `json:"kinds,omitempty"`
	Relations   []Relation   `json:"relations,omitempty"`
	Annotations []Annotation `json:"annotations,omitempty"`
}

// Kind declares a kind, or a form of one. Several declarations of the same
// kind differ in APIVersions or SpecType.
type Kind struct {
	Kind        string   `json:"kind" manifest:"required"`        // as entities write it, "Component"
	APIVersions []string `json:"apiVersions" manifest:"required"` // that this declaration is for
	// SpecType makes this the declaration for entities whose spec.type is
	// exactly this; without it, for all that have none of their own.
	SpecType    string `json:"specType,omitempty"`
	Plural      string `json:"plural,omitempty"` // for people, "components"
	Description string `json:"description,omitempty"`
	// Schema is a JSON Schema of the whole entity. The envelope (apiVersion,
	// kind, metadata) is checked by the host and need not be repeated.
	Schema    json.RawMessage `json:"schema" manifest:"required"`
	Relations []RelationField `json:"relations,omitempty"`

	Line int `json:"-" manifest:"line"`
}

// RelationField is a field of the entity that names other entities, as one
// entity ref or a list of them. Parts that a ref leaves out come from
// DefaultKind and DefaultNamespace.
type RelationField struct {
	Path        string `json:"path" manifest:"required"`    // dotted, "spec.owner"
	Type        string `json:"type" manifest:"required"`    // from the entity to the target, "ownedBy"
	Inverse     string `json:"inverse" manifest:"required"` // from the target to the entity, "ownerOf"
	DefaultKind string `json:"defaultKind,omitempty"`       // without it a ref must name its kind
	// DefaultNamespace is "inherit" (the entity's own, and the default) or "default".
	DefaultNamespace string   `json:"defaultNamespace,omitempty" manifest:"oneof=inherit|default"`
	AllowedKinds     []string `json:"allowedKinds,omitempty"` // none = any

	Line int `json:"-" manifest:"line"`
}

// Relation names a pair of relation types for readers.
type Relation struct {
	Type         string `json:"type" manifest:"required"`    // "ownedBy"
	Inverse      string `json:"inverse" manifest:"required"` // "ownerOf"
	Title        string `json:"title,omitempty"`             // "owned by"
	InverseTitle string `json:"inverseTitle,omitempty"`      // "owner of"
}

// Annotation documents an annotation key.
type Annotation struct {
	Name        string   `json:"name" manifest:"required"` // the key
	Title       string   `json:"title,omitempty"`          // name for people
	Description string   `json:"description,omitempty"`    // what its value says
	Kinds       []string `json:"kinds,omitempty"`          // that carry it; none = any
}
