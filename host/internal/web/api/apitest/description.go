package apitest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/callboard/callboard/host/internal/web/api"
	"github.com/callboard/callboard/host/internal/web/route"
)

// description is openapi.json, read once per process.
type description struct {
	doc    map[string]any
	routes *route.Table
	areas  map[string]bool // first segments below /api that are described
	whole  *jsonschema.Compiler
	parts  *jsonschema.Compiler // of answers to requests with "fields"

	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema
}

var load = sync.OnceValues(read)

const name = "openapi.json"

// read makes objects of the description closed: OpenAPI leaves them open by
// default, so that clients live with additions, but an answer with a field
// that nobody described is what the tests look for.
func read() (*description, error) {
	d := &description{areas: map[string]bool{}, compiled: map[string]*jsonschema.Schema{}}
	whole, err := document()
	if err != nil {
		return nil, err
	}
	parts, err := document()
	if err != nil {
		return nil, err
	}
	for _, entity := range []string{"Entity", "EntityMetadata"} {
		schema, _ := at(parts, "components", "schemas", entity).(map[string]any)
		delete(schema, "required")
	}
	d.doc = whole
	var routes []route.Route
	operations, _ := whole["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(operations)) {
		if area, below := strings.CutPrefix(path, "/api/"); below {
			area, _, _ = strings.Cut(area, "/")
			d.areas[area] = true
		}
		methods, _ := operations[path].(map[string]any)
		for method := range methods {
			routes = append(routes, route.Route{Method: strings.ToUpper(method), Pattern: path})
		}
	}
	if d.routes, err = route.New(routes); err != nil {
		return nil, fmt.Errorf("the paths of %s: %w", name, err)
	}
	if d.whole, err = compiler(whole); err != nil {
		return nil, err
	}
	d.parts, err = compiler(parts)
	return d, err
}

func document() (map[string]any, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.OpenAPI()))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	out, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no object", name)
	}
	return out, nil
}

func compiler(doc map[string]any) (*jsonschema.Compiler, error) {
	shared := map[string]bool{}
	partsOf(doc, false, shared)
	schemas, _ := at(doc, "components", "schemas").(map[string]any)
	for schema, v := range schemas {
		closeObjects(v, shared["#/components/schemas/"+schema])
	}
	for key, v := range doc {
		if key != "components" {
			closeObjects(v, false)
		}
	}
	closeObjects(at(doc, "components", "responses"), false)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return c, nil
}

// partsOf notes the schemas that are named inside of allOf: closed, they would
// refuse what the other parts bring.
func partsOf(v any, part bool, shared map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			partsOf(item, part, shared)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && part {
			shared[ref] = true
		}
		for key, child := range v {
			partsOf(child, key == "allOf", shared)
		}
	}
}

// closeObjects lets an object have the properties that are described and no
// others. Inside of allOf the parts together decide.
func closeObjects(v any, part bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			closeObjects(item, part)
		}
	case map[string]any:
		_, composed := v["allOf"]
		_, has := v["properties"]
		_, decided := v["additionalProperties"]
		if (has || composed) && !decided && !part && v["example"] == nil {
			v["unevaluatedProperties"] = false
		}
		for key, child := range v {
			closeObjects(child, key == "allOf")
		}
	}
}

// at returns what is at a path of the document; nil when there is nothing.
func at(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// answer returns where the schema of each media type of an answer is. ok is
// false when the status is not described; "default" is for clients, and says nothing here.
func (d *description) answer(method, pattern, status string) (content map[string]string, ok bool) {
	keys := []string{"paths", pattern, strings.ToLower(method), "responses", status}
	found, ok := at(d.doc, keys...).(map[string]any)
	if !ok {
		return nil, false
	}
	if ref, isRef := found["$ref"].(string); isRef {
		keys = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		found, ok = at(d.doc, keys...).(map[string]any)
	}
	content = map[string]string{}
	types, _ := found["content"].(map[string]any)
	for mediaType := range types {
		content[mediaType] = pointer(append(slices.Clone(keys), "content", mediaType, "schema")...)
	}
	return content, ok
}

// schema compiles what is described at a pointer, once.
func (d *description) schema(pointer string, partial bool) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key, from := pointer, d.whole
	if partial {
		key, from = "fields "+pointer, d.parts
	}
	if s := d.compiled[key]; s != nil {
		return s, nil
	}
	s, err := from.Compile(name + pointer)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", pointer, err)
	}
	d.compiled[key] = s
	return s, nil
}

func pointer(keys ...string) string {
	var b strings.Builder
	b.WriteByte('#')
	for _, key := range keys {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key))
	}
	return b.String()
}
