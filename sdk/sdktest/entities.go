package sdktest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fakeEntity is an entity of the fake catalog.
type fakeEntity struct {
	ref    string
	uid    string
	etag   string
	object map[string]any
	search map[string][]string // lower-case key → values as written
	bucket string              // of the plugin that brought it
}

type fakeCatalog struct{ entities []*fakeEntity }

// addYAML adds every document of a file.
func (c *fakeCatalog) addYAML(file string, content []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var doc any
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading %s: %w", file, err)
		case doc == nil:
			continue
		}
		text, err := json.Marshal(doc)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		var object map[string]any
		if err := json.Unmarshal(text, &object); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if err := c.add(object, text); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
	}
}

func (c *fakeCatalog) add(object map[string]any, text []byte) error {
	kind, _ := object["kind"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	if kind == "" || name == "" {
		return errors.New("an entity needs kind and metadata.name")
	}
	if metadata["namespace"] == nil {
		metadata["namespace"] = "default"
	}
	ref := strings.ToLower(fmt.Sprintf("%s:%v/%s", kind, metadata["namespace"], name))
	id, version := sha256.Sum256([]byte(ref)), sha256.Sum256(text)
	if metadata["uid"] == nil {
		h := hex.EncodeToString(id[:16])
		metadata["uid"] = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	if metadata["etag"] == nil {
		metadata["etag"] = hex.EncodeToString(version[:20])
	}
	e := &fakeEntity{ref: ref, object: object, search: map[string][]string{}}
	e.uid, e.etag = fmt.Sprint(metadata["uid"]), fmt.Sprint(metadata["etag"])
	e.flatten("", object)
	for _, r := range list(object["relations"]) {
		if relation, ok := r.(map[string]any); ok {
			e.put(fmt.Sprintf("relations.%v", relation["type"]), fmt.Sprint(relation["targetRef"]))
		}
	}
	e.put("metadata.name", name)
	e.put("metadata.namespace", fmt.Sprint(metadata["namespace"]))
	e.put("metadata.uid", e.uid)
	for i, old := range c.entities {
		if old.ref == ref {
			c.entities[i] = e
			return nil
		}
	}
	c.entities = append(c.entities, e)
	return nil
}

func list(v any) []any { l, _ := v.([]any); return l }

func (e *fakeEntity) put(key, value string) {
	key = strings.ToLower(key)
	for _, v := range e.search[key] {
		if v == value {
			return
		}
	}
	e.search[key] = append(e.search[key], value)
}

// flatten fills the search keys as Backstage does: dotted paths, and
// "path.item=true" for the items of lists of text.
func (e *fakeEntity) flatten(path string, v any) {
	switch path {
	case "attachments", "relations", "status", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.etag":
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			e.flatten(strings.TrimPrefix(path+"."+key, "."), value)
		}
	case []any:
		for _, item := range v {
			e.flatten(path, item)
			if s, ok := item.(string); ok {
				e.put(path+"."+s, "true")
			}
		}
	case nil:
	default:
		e.put(path, fmt.Sprint(v))
	}
}

// project keeps only the fields; a key may itself hold dots.
func project(object map[string]any, fields []string) map[string]any {
	if len(fields) == 0 {
		return object
	}
	out := map[string]any{}
	for _, field := range fields {
		keep(out, object, strings.Split(field, "."))
	}
	return out
}

func keep(out, in map[string]any, parts []string) {
	for n := 1; n <= len(parts); n++ {
		key := strings.Join(parts[:n], ".")
		value, ok := in[key]
		if !ok {
			continue
		}
		if n == len(parts) {
			out[key] = value
			return
		}
		inner, ok := value.(map[string]any)
		if !ok {
			return
		}
		next, ok := out[key].(map[string]any)
		if !ok {
			next = map[string]any{}
		}
		keep(next, inner, parts[n:])
		if len(next) > 0 {
			out[key] = next
		}
		return
	}
}
