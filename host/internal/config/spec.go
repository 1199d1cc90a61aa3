package config

import (
	"fmt"
	"reflect"
	"strings"
)

// The typed definition is the struct tree below Config. Its tags are the one
// source of truth for decoding, strictness, the JSON Schema, the reference
// page, redaction and reloading:
//
//	key      name of the key
//	doc      what the key means, one sentence
//	default  value when absent, as it would be written
//	example  a value to show in messages and the reference
//	enum     allowed texts, separated by |
//	pattern  regular expression that names (of a map) or texts must match
//	own      "true": unknown keys below are errors, not notes
//	live     "true": a change takes effect without a restart

// leaf is a type that reads its node itself.
type leaf interface {
	decodeLeaf(n *node) error
	leafSchema() jsonObject
}

// shorthand is a struct or list that may also be written as one scalar.
type shorthand interface {
	decodeShort(n *node) (ok bool, err error)
	shortSchema() jsonObject
}

type form uint8

const (
	formText form = iota
	formFlag
	formNumber
	formLeaf
	formList
	formMap
	formObject
)

// spec is the definition of one value, built from a Go type and its tags.
type spec struct {
	form     form
	typ      reflect.Type
	short    bool // also written as one scalar
	optional bool // absent means nil, not the defaults below
	doc      string
	fallback string
	example  string
	enum     []string
	pattern  string
	own      bool
	live     bool
	elem     *spec   // of a list or map
	fields   []field // of an object
}

type field struct {
	key   string
	index int
	*spec
}

// newSpec reads the definition of typ. It panics on a definition that makes no
// sense, which a test of this package would show.
func newSpec(typ reflect.Type) *spec { return specOf(typ, reflect.StructTag(""), &spec{}) }

func specOf(typ reflect.Type, tag reflect.StructTag, parent *spec) *spec {
	optional := typ.Kind() == reflect.Pointer
	if optional {
		typ = typ.Elem()
	}
	s := &spec{
		typ: typ, optional: optional, doc: tag.Get("doc"), fallback: tag.Get("default"), example: tag.Get("example"),
		pattern: tag.Get("pattern"),
		own:     parent.own || tag.Get("own") == "true",
		live:    parent.live || tag.Get("live") == "true",
	}
	if enum := tag.Get("enum"); enum != "" {
		s.enum = strings.Split(enum, "|")
	}
	value := reflect.New(typ).Interface()
	_, s.short = value.(shorthand)
	inherit := &spec{own: s.own, live: s.live}
	if _, ok := value.(leaf); ok {
		s.form = formLeaf
		return s
	}
	switch typ.Kind() {
	case reflect.String:
		s.form = formText
	case reflect.Bool:
		s.form = formFlag
	case reflect.Int, reflect.Int64:
		s.form = formNumber
	case reflect.Slice:
		s.form, s.elem = formList, specOf(typ.Elem(), "", inherit)
	case reflect.Map:
		s.form, s.elem = formMap, specOf(typ.Elem(), "", inherit)
	case reflect.Struct:
		s.form = formObject
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Tag.Get("key") != "" {
				s.fields = append(s.fields, field{f.Tag.Get("key"), i, specOf(f.Type, f.Tag, inherit)})
			}
		}
	default:
		panic(fmt.Sprintf("config: no definition for type %s", typ))
	}
	return s
}

// field returns the definition of a key of an object, or nil.
func (s *spec) field(key string) *spec {
	for _, f := range s.fields {
		if f.key == key {
			return f.spec
		}
	}
	return nil
}

func (s *spec) keys() []string {
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return keys
}

// describe names what a value must be: "a string", "one of json, text".
func (s *spec) describe() string {
	switch {
	case len(s.enum) == 1:
		return `"` + s.enum[0] + `"`
	case len(s.enum) > 1:
		return "one of " + strings.Join(s.enum, ", ")
	}
	what := [...]string{"a string", "a boolean", "a whole number", "a value", "a list", "an object", "an object"}[s.form]
	if s.short {
		what += " (or a single value)"
	}
	return what
}

// shownExample is what a message offers as a right spelling.
func (s *spec) shownExample() string {
	if s.example != "" {
		return s.example
	}
	return s.fallback
}
