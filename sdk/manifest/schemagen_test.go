package manifest

import (
	"encoding/json"
	"reflect"
	"strings"
)

// generateSchema writes the schema from the types; descriptions are the
// texts of docs, keyed "Type.key".
func generateSchema(docs map[string]string) ([]byte, error) {
	g := schemaWriter{docs: docs}
	root := g.object(reflect.TypeFor[Manifest]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Callboard plugin manifest"
	b, err := json.MarshalIndent(root, "", "  ")
	return append(b, '\n'), err
}

type schemaWriter struct{ docs map[string]string }

func (g schemaWriter) object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	var required []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		p := g.schema(f.Type)
		if text := g.docs[t.Name()+"."+name]; text != "" {
			p["description"] = text
		}
		rule := f.Tag.Get("manifest")
		if rule == "required" {
			required = append(required, name)
		}
		if values, ok := strings.CutPrefix(rule, "oneof="); ok {
			p["enum"] = strings.Split(values, "|")
		}
		properties[name] = p
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		out["required"] = required
	}
	return out
}

func (g schemaWriter) schema(t reflect.Type) map[string]any {
	switch {
	case t == rawType:
		return map[string]any{"type": "object"}
	case t == sizeType:
		return map[string]any{"anyOf": []any{
			map[string]any{"type": "string", "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)?$"},
			map[string]any{"type": "integer", "minimum": 0},
		}}
	case t == durationType:
		return map[string]any{"type": "string", "pattern": "^([0-9.]+(ns|us|ms|s|m|h))+$"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.schema(t.Elem())
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.schema(t.Elem())}
	default:
		return g.object(t)
	}
}
