package app

import (
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/sdk/manifest"
)

// layer turns the model section of a manifest into the host's form.
func layer(m *manifest.Manifest) model.Layer {
	out := model.Layer{Plugin: m.ID}
	for _, r := range m.Model.Relations {
		out.Pairs = append(out.Pairs, model.Pair{Type: r.Type, Inverse: r.Inverse, Title: r.Title, InverseTitle: r.InverseTitle})
	}
	out.Annotations, out.Labels = keys(m.Model.Annotations), keys(m.Model.Labels)
	for _, x := range m.Model.Extends {
		out.Extensions = append(out.Extensions, model.Extension{
			Kind: x.Kind, APIVersions: x.APIVersions, Type: x.SpecType, Schema: x.Schema, Relations: relations(x.Relations),
			Derived: derived(x.Defaults, x.Computed), Mirrored: mirrored(x.Mirrored), Line: x.Line,
		})
	}
	for _, k := range m.Model.Kinds {
		out.Kinds = append(out.Kinds, model.Kind{
			Kind: k.Kind, APIVersions: k.APIVersions, Type: k.SpecType, Plural: k.Plural, Description: k.Description,
			Schema: k.Schema, Relations: relations(k.Relations), Derived: derived(k.Defaults, k.Computed), Mirrored: mirrored(k.Mirrored), Line: k.Line,
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

func derived(defaults []manifest.DefaultField, computed []manifest.ComputedField) model.Derived {
	var out model.Derived
	for _, f := range defaults {
		out.Defaults = append(out.Defaults, model.Default{Field: f.Path, Value: f.Value})
	}
	for _, f := range computed {
		out.Computed = append(out.Computed, model.Computed{Field: f.Path, Format: f.Format})
	}
	return out
}

func mirrored(fields []manifest.MirroredField) []model.Mirrored {
	var out []model.Mirrored
	for _, f := range fields {
		out = append(out, model.Mirrored{Field: f.Path, Relation: f.Relation, Kind: f.Kind, From: f.From})
	}
	return out
}

func keys(annotations []manifest.Annotation) []model.Key {
	var out []model.Key
	for _, a := range annotations {
		out = append(out, model.Key(a))
	}
	return out
}
