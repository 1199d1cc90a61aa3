package condition

import (
	"strings"

	"github.com/callboard/callboard/sdk/rawjson"
)

// Resource is what a policy sees of an entity as input.resource, the same
// wherever it is asked. What is empty is absent, but for the collections,
// which are always there.
type Resource struct {
	Ref       string // canonical: "component:default/website"
	Kind      string // lower case
	Namespace string // as it is written
	Name      string // as it is written
	Type      string // spec.type
	Lifecycle string // spec.lifecycle
	// Owners are the refs that the entity itself says it is owned by.
	Owners []string
	Tags   []string
	// Labels and Annotations as they are written.
	Labels, Annotations map[string]string
	// Relations are refs by the type of the relation, those that other entities
	// tell of included.
	Relations map[string][]string
}

// Relation is one relation of an entity.
type Relation struct {
	Type, Target string
	Incoming     bool // another entity tells of it
}

// NewResource projects an entity: its canonical ref, its JSON and its
// relations, which of the JSON are not read. It may view the JSON's bytes.
func NewResource(ref string, body []byte, relations func(add func(Relation))) Resource {
	r := Resource{Ref: ref, Labels: map[string]string{}, Annotations: map[string]string{}, Relations: map[string][]string{}}
	// What is no JSON says nothing; the index refuses it before.
	_ = rawjson.EachMember(body, func(key string, value []byte) {
		switch key {
		case "kind":
			r.Kind = strings.ToLower(text(value))
		case "metadata":
			_ = rawjson.EachMember(value, r.metadata)
		case "spec":
			_ = rawjson.EachMember(value, func(key string, value []byte) {
				switch key {
				case "type":
					r.Type = text(value)
				case "lifecycle":
					r.Lifecycle = text(value)
				}
			})
		}
	})
	relations(func(one Relation) {
		r.Relations[one.Type] = append(r.Relations[one.Type], one.Target)
		if one.Type == "ownedBy" && !one.Incoming {
			r.Owners = append(r.Owners, one.Target)
		}
	})
	return r
}

func (r *Resource) metadata(key string, value []byte) {
	switch key {
	case "namespace":
		r.Namespace = text(value)
	case "name":
		r.Name = text(value)
	case "tags":
		_ = rawjson.Each(value, func(tag []byte) {
			if s, ok := rawjson.Unquote(tag); ok {
				r.Tags = append(r.Tags, s)
			}
		})
	case "labels":
		_ = rawjson.EachMember(value, func(name string, value []byte) { r.Labels[name] = text(value) })
	case "annotations":
		_ = rawjson.EachMember(value, func(name string, value []byte) { r.Annotations[name] = text(value) })
	}
}

// text is a JSON string, empty for anything else.
func text(raw []byte) string {
	s, _ := rawjson.Unquote(raw)
	return s
}

// field returns a field of input.resource, and whether it is there.
func (r *Resource) field(name string) (Value, bool) {
	switch name {
	case "ref":
		return written(r.Ref)
	case "kind":
		return written(r.Kind)
	case "namespace":
		return written(r.Namespace)
	case "name":
		return written(r.Name)
	case "type":
		return written(r.Type)
	case "lifecycle":
		return written(r.Lifecycle)
	case "owners":
		return Value{kind: texts, texts: r.Owners}, true
	case "tags":
		return Value{kind: texts, texts: r.Tags}, true
	case "labels":
		return Value{kind: fields, fields: r.Labels}, true
	case "annotations":
		return Value{kind: fields, fields: r.Annotations}, true
	case "relations":
		return Value{kind: lists, lists: r.Relations}, true
	}
	return Value{}, false
}

func written(s string) (Value, bool) { return Text(s), s != "" }

// Input is the resource as the document that a policy evaluates in full.
func (r *Resource) Input() map[string]any {
	out := map[string]any{}
	for name, s := range map[string]string{"ref": r.Ref, "kind": r.Kind, "namespace": r.Namespace, "name": r.Name, "type": r.Type, "lifecycle": r.Lifecycle} {
		if s != "" {
			out[name] = s
		}
	}
	list := func(texts []string) []any {
		all := make([]any, len(texts))
		for i, s := range texts {
			all[i] = s
		}
		return all
	}
	object := func(texts map[string]string) map[string]any {
		all := make(map[string]any, len(texts))
		for k, s := range texts {
			all[k] = s
		}
		return all
	}
	relations := make(map[string]any, len(r.Relations))
	for kind, targets := range r.Relations {
		relations[kind] = list(targets)
	}
	out["owners"], out["tags"], out["labels"], out["annotations"], out["relations"] = list(r.Owners), list(r.Tags), object(r.Labels), object(r.Annotations), relations
	return out
}
