package config

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Schema returns the JSON Schema (2020-12) of the configuration files, for
// editors. It is made from the same definition that Load decodes by: sections
// of our own are closed, sections that Backstage shares are open.
func Schema() ([]byte, error) {
	root := newSpec(reflect.TypeFor[Config]()).schema()
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://callboard.dev/schema/app-config.json"
	root["title"] = "Callboard configuration"
	root["$defs"] = jsonObject{"dynamic": dynamicSchema()}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding schema: %w", err)
	}
	return append(out, '\n'), nil
}

// dynamicSchema is what may stand for any value: a text with ${}, an object
// with one include key, or null for explicit absence.
func dynamicSchema() jsonObject {
	include := func(key, doc string) jsonObject {
		return jsonObject{
			"type": "object", "required": []any{key}, "additionalProperties": false,
			"properties": jsonObject{key: jsonObject{"type": "string", "description": doc}},
		}
	}
	return jsonObject{"anyOf": []any{
		jsonObject{"type": "string", "pattern": `\$\{[^{}]*\}`},
		jsonObject{"type": "null"},
		include("$env", "Value of an environment variable."),
		include("$file", "Text of a file, relative to this one."),
		include("$include", "Value from a YAML or JSON file: file.yaml#a.b."),
	}}
}

// schema returns the JSON Schema of a value as it may be written.
func (s *spec) schema() jsonObject {
	var out jsonObject
	switch s.form {
	case formText:
		out = jsonObject{"type": "string"}
		if len(s.enum) > 0 {
			out["enum"] = anyList(s.enum)
		}
		if s.pattern != "" {
			out["pattern"] = s.pattern
		}
	case formFlag:
		out = jsonObject{"type": "boolean"}
	case formNumber:
		out = jsonObject{"type": "integer", "minimum": 0}
	case formLeaf:
		out = reflect.New(s.typ).Interface().(leaf).leafSchema()
	case formList:
		out = jsonObject{"type": "array", "items": s.elem.written()}
	case formMap:
		out = jsonObject{"type": "object", "additionalProperties": s.elem.written()}
		if s.pattern != "" {
			out["propertyNames"] = jsonObject{"pattern": s.pattern}
		}
	case formObject:
		properties := jsonObject{}
		for _, f := range s.fields {
			properties[f.key] = f.written()
		}
		out = jsonObject{"type": "object", "properties": properties}
		if s.own {
			out["additionalProperties"] = false
		}
	}
	if s.short {
		short := reflect.New(s.typ).Interface().(shorthand).shortSchema()
		out = jsonObject{"anyOf": []any{short, out}}
	}
	return out
}

// written is the schema of a member or item: the value itself or what stands
// for it until it is resolved.
func (s *spec) written() jsonObject {
	out := jsonObject{"anyOf": []any{s.schema(), jsonObject{"$ref": "#/$defs/dynamic"}}}
	if s.doc != "" {
		out["description"] = s.doc
	}
	if value, ok := s.value(s.fallback); ok {
		out["default"] = value
	}
	if value, ok := s.value(s.example); ok {
		out["examples"] = []any{value}
	}
	return out
}

// value reads a default or an example as it would be written in a file.
func (s *spec) value(text string) (json.RawMessage, bool) {
	if text == "" || s.form == formMap {
		return nil, false
	}
	n, err := new(parser).yaml([]byte(text), "")
	if err != nil {
		n = newString(text, Origin{})
	}
	out, err := n.MarshalJSON()
	return out, err == nil
}

func anyList(texts []string) []any {
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = text
	}
	return out
}
