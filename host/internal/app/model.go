package app

import (
	"slices"

	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/sdk/manifest"
)

// layer turns the model section of a manifest into the host's form: the
// declarations of one kind and apiVersion that are for one spec.type become
// variants of the one that is for all.
func layer(m *manifest.Manifest) model.Layer {
	out := model.Layer{Plugin: m.ID}
	variants := func(k manifest.Kind) []model.Variant {
		var vs []model.Variant
		for _, v := range m.Model.Kinds {
			if v.SpecType != "" && v.Kind == k.Kind && slices.Equal(v.APIVersions, k.APIVersions) {
				vs = append(vs, model.Variant{Type: v.SpecType, Description: v.Description, Schema: v.Schema, Relations: relations(v.Relations)})
			}
		}
		return vs
	}
	for _, k := range m.Model.Kinds {
		if k.SpecType != "" {
			continue
		}
		out.Kinds = append(out.Kinds, model.Kind{
			Kind: k.Kind, APIVersions: k.APIVersions, Plural: k.Plural, Description: k.Description,
			Schema: k.Schema, Relations: relations(k.Relations), Variants: variants(k),
		})
	}
	return out
}

func relations(fields []manifest.RelationField) []model.RelationField {
	var out []model.RelationField
	for _, f := range fields {
		out = append(out, model.RelationField{
			Field: f.Path, Type: f.Type, Inverse: f.Inverse, DefaultKind: f.DefaultKind,
			DefaultNamespace: f.DefaultNamespace, AllowedKinds: f.AllowedKinds,
		})
	}
	return out
}
