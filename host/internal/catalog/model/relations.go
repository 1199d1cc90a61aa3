package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/sdk/entity"
)

// MaxRelations is how many refs the fields of one entity may hold.
const MaxRelations = 2000

// Relation is one direction of a relation.
type Relation struct {
	Source string // canonical ref
	Type   string
	Target string // canonical ref
}

// SortRefs sorts the lists of refs that declare relations: their order means
// nothing, and sources that shuffle them should not count as changed.
func (d *Declaration) SortRefs(root *descriptor.Value) {
	for _, field := range d.relations {
		v := root.Lookup(field.Field)
		if v == nil || v.Type != descriptor.Array || slices.ContainsFunc(v.Items, func(i descriptor.Value) bool { return i.Type != descriptor.String }) {
			continue
		}
		slices.SortStableFunc(v.Items, func(a, b descriptor.Value) int { return strings.Compare(a.Text, b.Text) })
	}
}

// Relations returns what the entity's fields declare, both directions of
// each, in the order of the fields. A ref to a kind that the field does not
// allow makes no relation. The error is descriptor.Problems.
func (d *Declaration) Relations(file string, ref entity.Ref, root *descriptor.Value) ([]Relation, error) {
	self := ref.String()
	var out []Relation
	var bad descriptor.Problems
	refs := 0
	for _, field := range d.relations {
		v := root.Lookup(field.Field)
		namespace := ref.Namespace
		if field.DefaultNamespace == NamespaceDefault {
			namespace = entity.DefaultNamespace
		}
		held := values(v)
		for i := range held {
			if refs++; refs > MaxRelations {
				return nil, descriptor.Problems{{File: file, Line: line(v), Path: field.Field, Reason: fmt.Sprintf("the entity has more than %d relations", MaxRelations)}}
			}
			target, err := parse(&held[i], field.DefaultKind, namespace)
			if err != nil {
				bad = append(bad, descriptor.Problem{File: file, Line: line(v), Path: field.Field, Reason: err.Error()})
				continue
			}
			if !field.allows(target.Kind) {
				continue
			}
			other := target.String()
			out = append(out, Relation{self, field.Type, other})
			if field.Inverse != "" {
				out = append(out, Relation{other, field.Inverse, self})
			}
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return out, nil
}

// values returns what a field holds: the items of a list, or the one value. What
// JavaScript takes for nothing is nothing, but not as an item of a list.
func values(v *descriptor.Value) []descriptor.Value {
	switch {
	case v == nil,
		v.Type == descriptor.Null,
		v.Type == descriptor.Bool && v.Text == "false",
		v.Type == descriptor.Number && v.Text == "0",
		v.Type == descriptor.String && v.Text == "":
		return nil
	case v.Type == descriptor.Array:
		return v.Items
	default:
		return []descriptor.Value{*v}
	}
}

func parse(v *descriptor.Value, defaultKind, defaultNamespace string) (entity.Ref, error) {
	if v.Type != descriptor.String {
		return entity.Ref{}, fmt.Errorf("an entity ref is a string, not %s", v.Type)
	}
	return entity.ParseRef(v.Text, defaultKind, defaultNamespace) //nolint:wrapcheck // says what is wrong with the ref
}

func (f *RelationField) allows(kind string) bool {
	return len(f.AllowedKinds) == 0 || slices.ContainsFunc(f.AllowedKinds, func(k string) bool { return strings.EqualFold(k, kind) })
}
