package manifest

import "encoding/json"

// Model is a layer of the catalog's model: data from which the host validates
// entities and derives relations, without running the plugin.
type Model struct {
	Kinds       []Kind       `json:"kinds,omitempty"`
	Extends     []Extension  `json:"extends,omitempty"` // kinds of other plugins, with more fields
	Relations   []Relation   `json:"relations,omitempty"`
	Annotations []Annotation `json:"annotations,omitempty"`
	Labels      []Annotation `json:"labels,omitempty"`
}

// Kind declares a kind, or a form of one. Several declarations of the same
// kind differ in APIVersions or SpecType.
type Kind struct {
	Kind        string   `json:"kind" manifest:"required"`        // as entities write it, "Component"
	APIVersions []string `json:"apiVersions" manifest:"required"` // that this declaration is for
	// SpecType makes this a form: the declaration for entities whose spec.type is
	// exactly this, of a kind that may be another plugin's; without it, for all
	// that have none of their own.
	SpecType    string `json:"specType,omitempty"`
	Plural      string `json:"plural,omitempty"` // for people, "components"
	Description string `json:"description,omitempty"`
	// Schema is a JSON Schema of the whole entity. The envelope (apiVersion,
	// kind, metadata) is checked by the host and need not be repeated.
	Schema    json.RawMessage `json:"schema" manifest:"required"`
	Relations []RelationField `json:"relations,omitempty"`
	Defaults  []DefaultField  `json:"defaults,omitempty"`
	Computed  []ComputedField `json:"computed,omitempty"`
	Mirrored  []MirroredField `json:"mirrored,omitempty"` // of all forms of the kind: not with specType

	Line int `json:"-" manifest:"line"`
}

// Extension adds to a kind that any plugin declares. What it adds is nobody
// else's: two plugins that declare one field are refused.
type Extension struct {
	Kind        string          `json:"kind" manifest:"required"` // as entities write it
	APIVersions []string        `json:"apiVersions,omitempty"`    // none = all that the kind has
	SpecType    string          `json:"specType,omitempty"`       // only entities whose spec.type is exactly this
	Schema      json.RawMessage `json:"schema,omitempty"`         // holds beside the kind's own
	Relations   []RelationField `json:"relations,omitempty"`
	Defaults    []DefaultField  `json:"defaults,omitempty"`
	Computed    []ComputedField `json:"computed,omitempty"`
	Mirrored    []MirroredField `json:"mirrored,omitempty"`

	Line int `json:"-" manifest:"line"`
}

// DefaultField is what a field says where a descriptor leaves it out.
type DefaultField struct {
	Path  string          `json:"path" manifest:"required"`  // below spec, "spec.tier"
	Value json.RawMessage `json:"value" manifest:"required"` // any value that the schema allows

	Line int `json:"-" manifest:"line"`
}

// ComputedField is a text that the host makes of other fields of the entity.
type ComputedField struct {
	Path string `json:"path" manifest:"required"` // below spec, "spec.address"
	// Format is text with fields in braces, "https://{metadata.name}.example.com"; {{ and }} are
	// braces. Where a field is absent, or no text, number or boolean, the computed field is absent.
	Format string `json:"format" manifest:"required"`

	Line int `json:"-" manifest:"line"`
}

// MirroredField is the copy of a field of a related entity: of the first, in
// the order of refs, that has it.
type MirroredField struct {
	Path     string `json:"path" manifest:"required"`     // below spec, "spec.systemOwner"
	Relation string `json:"relation" manifest:"required"` // that leads to the entity, "partOf"
	Kind     string `json:"kind,omitempty"`               // of that entity; none = any
	From     string `json:"from" manifest:"required"`     // its field, "spec.owner"

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

// Annotation documents the key of an annotation or a label.
type Annotation struct {
	Name        string   `json:"name" manifest:"required"` // the key
	Title       string   `json:"title,omitempty"`          // name for people
	Description string   `json:"description,omitempty"`    // what its value says
	Kinds       []string `json:"kinds,omitempty"`          // that carry it; none = any
}
