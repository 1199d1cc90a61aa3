package ingest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/entity"
)

// descriptorOnly are relations that decide who may do what. They count only
// when the descriptor itself declares them.
var descriptorOnly = []string{"ownedBy", "ownerOf", "memberOf", "hasMember", "parentOf", "childOf"}

func protected(relation string) bool {
	return slices.ContainsFunc(descriptorOnly, func(r string) bool { return strings.EqualFold(r, relation) })
}

// identity reports whether entities of the kind are who people are.
func identity(kind string) bool {
	return strings.EqualFold(kind, "User") || strings.EqualFold(kind, "Group")
}

// keepsAuthority reports what a processor changed that is not its to change:
// who people are, whom things belong to, and which places are read.
func keepsAuthority(file string, before, after *found) error {
	switch {
	case identity(before.ref.Kind) && !same(before.root, after.root):
		return fault.New(fault.Invalid, "it changed %s; users and groups count as their descriptors declare them", before.doc.ref)
	case strings.EqualFold(before.ref.Kind, "Location") && !same(before.root.Get("spec"), after.root.Get("spec")):
		return fault.New(fault.Invalid, "it changed what %s leads to; that counts as its descriptor declares it", before.doc.ref)
	}
	was, err := authority(file, before)
	if err != nil {
		return err
	}
	is, err := authority(file, after)
	if err != nil {
		return err
	}
	if !slices.Equal(was, is) {
		return fault.New(fault.Invalid, "it changed the owner, the members or the parents of %s; they count only as its descriptor declares them", before.doc.ref)
	}
	return nil
}

// same compares values; the order of keys means nothing.
func same(a, b *descriptor.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(a.Any(), b.Any())
}

// authority returns the protected relations that the fields of an entity
// declare, sorted.
func authority(file string, f *found) ([]model.Relation, error) {
	relations, err := f.decl.Relations(file, f.ref, f.root)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the file
	}
	relations = slices.DeleteFunc(relations, func(r model.Relation) bool { return !protected(r.Type) })
	slices.SortFunc(relations, func(a, b model.Relation) int {
		return strings.Compare(a.Source+"\x00"+a.Type+"\x00"+a.Target, b.Source+"\x00"+b.Type+"\x00"+b.Target)
	})
	return slices.Compact(relations), nil
}

// mayEmit reports why a processor may not emit the entity. Its own owner is
// its descriptor's to name, and the processor wrote that; anything else that
// decides who may do what is not, nor is a place to read.
func mayEmit(ref entity.Ref, relations []model.Relation) error {
	if identity(ref.Kind) || strings.EqualFold(ref.Kind, "Location") {
		return fault.New(fault.Invalid, "a processor may not emit kind %s", ref.Kind)
	}
	self := ref.String()
	for _, r := range relations {
		own := r.Type == "ownedBy" && r.Source == self || r.Type == "ownerOf" && r.Target == self
		if protected(r.Type) && !own {
			return fault.New(fault.Invalid, "relation %s from %s to %s is not a processor's to declare", r.Type, r.Source, r.Target)
		}
	}
	return nil
}
