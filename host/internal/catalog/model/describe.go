package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Description is the effective model, for people and programs.
type Description struct {
	Kinds       []DescribedKind     `json:"kinds"`
	Relations   []DescribedRelation `json:"relations"`
	Annotations []DescribedKey      `json:"annotations"`
	Labels      []DescribedKey      `json:"labels"`
}

// DescribedKind is a kind with everything that plugins say of it. Several
// plugins may declare different versions of one.
type DescribedKind struct {
	Kind        string   `json:"kind"`
	Plural      string   `json:"plural,omitempty"`
	Description string   `json:"description,omitempty"`
	Plugin      string   `json:"plugin"`
	ExtendedBy  []string `json:"extendedBy"`
	APIVersions []string `json:"apiVersions"`
	// Schemas all hold for an entity; the first is that of Plugin.
	Schemas  []DescribedSchema  `json:"schemas"`
	Fields   []DescribedField   `json:"fields"`
	Variants []DescribedVariant `json:"variants"`
}

// DescribedVariant is the form of a kind for one spec.type.
type DescribedVariant struct {
	Type        string            `json:"type"`
	Description string            `json:"description,omitempty"`
	Schemas     []DescribedSchema `json:"schemas"`
	Fields      []DescribedField  `json:"fields"`
}

// DescribedSchema is a JSON Schema and who brings it.
type DescribedSchema struct {
	Plugin string          `json:"plugin"`
	Schema json.RawMessage `json:"schema"`
}

// DescribedField is a field of spec that plugins declare. One may describe it,
// another copy it: Plugin is the one that fills it, or else describes it.
type DescribedField struct {
	Path        string          `json:"path"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description,omitempty"`
	Type        string          `json:"type,omitempty"` // of JSON Schema, where it names one
	Plugin      string          `json:"plugin"`
	Required    bool            `json:"required"`
	Relation    *FieldRelation  `json:"relation,omitempty"`
	Default     json.RawMessage `json:"default,omitempty"`
	Format      string          `json:"format,omitempty"`   // of a computed field
	Mirrored    *FieldMirror    `json:"mirrored,omitempty"` // of a mirrored one
}

// FieldRelation says what the refs of a field mean.
type FieldRelation struct {
	Type         string   `json:"type"`
	Inverse      string   `json:"inverse,omitempty"`
	DefaultKind  string   `json:"defaultKind,omitempty"`
	AllowedKinds []string `json:"allowedKinds,omitempty"`
}

// FieldMirror says where a field is copied from.
type FieldMirror struct {
	Relation string `json:"relation"`
	Kind     string `json:"kind,omitempty"`
	From     string `json:"from"`
}

// DescribedRelation is a pair of relations.
type DescribedRelation struct {
	Type         string   `json:"type"`
	Inverse      string   `json:"inverse,omitempty"`
	Title        string   `json:"title,omitempty"`
	InverseTitle string   `json:"inverseTitle,omitempty"`
	Plugins      []string `json:"plugins"` // that declare it, or fields that make it
}

// DescribedKey is an annotation or a label.
type DescribedKey struct {
	Key
	Plugin string `json:"plugin"`
}

// Describe returns the effective model; it is the same for the same layers.
func (m *Model) Describe() Description {
	out := Description{Kinds: []DescribedKind{}, Relations: m.describeRelations(), Annotations: []DescribedKey{}, Labels: []DescribedKey{}}
	for _, layer := range m.layers {
		for _, k := range layer.Kinds {
			if k.Type != "" {
				continue // among the forms of the kind
			}
			out.Kinds = append(out.Kinds, m.describeKind(layer.Plugin, k))
		}
		for _, key := range layer.Annotations {
			out.Annotations = append(out.Annotations, DescribedKey{key, layer.Plugin})
		}
		for _, key := range layer.Labels {
			out.Labels = append(out.Labels, DescribedKey{key, layer.Plugin})
		}
	}
	slices.SortStableFunc(out.Kinds, func(a, b DescribedKind) int { return strings.Compare(a.Kind, b.Kind) })
	byName := func(a, b DescribedKey) int { return strings.Compare(a.Name, b.Name) }
	slices.SortStableFunc(out.Annotations, byName)
	slices.SortStableFunc(out.Labels, byName)
	return out
}

func (m *Model) describeKind(plugin string, k Kind) DescribedKind {
	v := m.kinds[strings.ToLower(k.Kind)].versions[k.APIVersions[0]]
	out := DescribedKind{
		Kind: k.Kind, Plural: k.Plural, Description: k.Description, Plugin: plugin, APIVersions: k.APIVersions,
		Schemas: v.general.describeSchemas(), Fields: v.general.describeFields(), Variants: []DescribedVariant{}, ExtendedBy: []string{},
	}
	for _, name := range slices.Sorted(maps.Keys(v.forms)) {
		d := v.forms[name]
		out.Variants = append(out.Variants, DescribedVariant{Type: name, Description: d.description, Schemas: d.describeSchemas(), Fields: d.describeFields()})
	}
	for _, layer := range m.layers {
		form := func(f Kind) bool { return f.Kind == k.Kind && f.Type != "" }
		if slices.ContainsFunc(layer.Extensions, func(x Extension) bool { return x.Kind == k.Kind }) || layer.Plugin != plugin && slices.ContainsFunc(layer.Kinds, form) {
			out.ExtendedBy = append(out.ExtendedBy, layer.Plugin)
		}
	}
	return out
}

func (d *Declaration) describeSchemas() []DescribedSchema {
	out := []DescribedSchema{}
	for _, p := range d.parts {
		if len(p.schema) > 0 {
			out = append(out, DescribedSchema{p.plugin, p.schema})
		}
	}
	return out
}

// describeFields joins what schemas, relations and the fields that the host
// fills say of each field, in the order of paths.
func (d *Declaration) describeFields() []DescribedField {
	fields := map[string]*DescribedField{}
	at := func(path, plugin string) *DescribedField {
		if fields[path] == nil {
			fields[path] = &DescribedField{Path: path, Plugin: plugin}
		}
		return fields[path]
	}
	for _, p := range d.parts {
		p.describe(at)
	}
	for _, f := range d.defaults {
		at(f.value.Field, f.plugin).Default = f.value.Value
	}
	for _, c := range d.computed {
		f := at(c.Field, c.plugin)
		f.Plugin, f.Format = c.plugin, c.Format
	}
	for _, f := range d.mirrored {
		described := at(f.value.Field, f.plugin)
		described.Plugin, described.Mirrored = f.plugin, &FieldMirror{f.value.Relation, f.value.Kind, f.value.From}
	}
	out := []DescribedField{}
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, *fields[path])
	}
	return out
}

func (p *part) describe(at func(path, plugin string) *DescribedField) {
	var schema struct {
		Properties struct {
			Spec struct {
				Required   []string                   `json:"required"`
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"spec"`
		} `json:"properties"`
	}
	_ = json.Unmarshal(p.schema, &schema) // of another form it describes no field
	for name, text := range schema.Properties.Spec.Properties {
		var s struct {
			Title, Description string
			Type               any
		}
		_ = json.Unmarshal(text, &s)
		f := at("spec."+name, p.plugin)
		f.Title, f.Description = s.Title, s.Description
		if s.Type != nil {
			f.Type = strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Type), " ", " or "), "[]")
		}
	}
	for _, name := range schema.Properties.Spec.Required {
		at("spec."+name, p.plugin).Required = true
	}
	for _, r := range p.relations {
		at(r.Field, p.plugin).Relation = &FieldRelation{r.Type, r.Inverse, r.DefaultKind, r.AllowedKinds}
	}
}

func (m *Model) describeRelations() []DescribedRelation {
	var out []DescribedRelation
	add := func(plugin, kind, inverse, title, inverseTitle string) {
		i := slices.IndexFunc(out, func(r DescribedRelation) bool {
			return r.Type == kind || kind != "" && r.Inverse == kind
		})
		if i < 0 {
			out = append(out, DescribedRelation{Type: kind, Inverse: inverse})
			i = len(out) - 1
		}
		r := &out[i]
		if r.Type == kind && r.Title == "" {
			r.Title, r.InverseTitle = title, inverseTitle
		}
		if !slices.Contains(r.Plugins, plugin) {
			r.Plugins = append(r.Plugins, plugin)
		}
	}
	for _, layer := range m.layers {
		for _, p := range layer.Pairs {
			add(layer.Plugin, p.Type, p.Inverse, p.Title, p.InverseTitle)
		}
	}
	for _, layer := range m.layers {
		for _, r := range layer.fields() {
			add(layer.Plugin, r.Type, r.Inverse, "", "")
		}
	}
	slices.SortFunc(out, func(a, b DescribedRelation) int { return strings.Compare(a.Type, b.Type) })
	if out == nil {
		out = []DescribedRelation{}
	}
	return out
}
