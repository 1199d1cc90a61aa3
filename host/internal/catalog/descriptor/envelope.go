package descriptor

import (
	"fmt"
	"strings"

	"github.com/callboard/callboard/sdk/entity"
)

// Identify reads what an entity is called. Without it a document is nobody's:
// its problems belong to the location that it came from.
func Identify(file string, root *Value) (entity.Ref, error) {
	c := checker{file: file}
	if root.Type != Object {
		return entity.Ref{}, Problem{File: file, Line: int(root.Line), Reason: fmt.Sprintf("the document is %s; an entity is an object", root.Type)}
	}
	c.text(root, "", "apiVersion", true)
	c.text(root, "", "kind", true)
	metadata := root.Get("metadata")
	if c.object(root, "", "metadata", true) {
		c.text(metadata, "metadata.", "name", true)
		c.text(metadata, "metadata.", "namespace", false)
	}
	if len(c.found) > 0 {
		return entity.Ref{}, c.found
	}
	ref := entity.Ref{Kind: root.Get("kind").Str(), Namespace: metadata.Get("namespace").Str(), Name: metadata.Get("name").Str()}
	if ref.Namespace == "" {
		ref.Namespace = entity.DefaultNamespace
	}
	for _, f := range []struct {
		path  string
		check func(string) error
		value string
	}{
		{"kind", entity.CheckKind, ref.Kind},
		{"metadata.namespace", entity.CheckNamespace, ref.Namespace},
		{"metadata.name", entity.CheckName, ref.Name},
	} {
		if err := f.check(f.value); err != nil {
			c.add(root.Lookup(f.path), f.path, err.Error())
		}
	}
	if len(c.found) > 0 {
		return entity.Ref{}, c.found
	}
	return ref, nil
}

// CheckEnvelope checks everything that all kinds share, by the rules of
// Backstage's entity schema and field formats. Errors are Problems.
func CheckEnvelope(file string, root *Value) error {
	c := checker{file: file}
	for i := range root.Members {
		switch m := &root.Members[i]; m.Key {
		case "apiVersion", "kind", "metadata", "spec":
		default:
			c.add(&Value{Line: m.Line}, m.Key, "is not a field of an entity; only apiVersion, kind, metadata and spec are")
		}
	}
	c.format(root.Get("apiVersion"), "apiVersion", entity.CheckAPIVersion)
	c.object(root, "", "spec", false)
	m := root.Get("metadata")
	c.text(m, "metadata.", "uid", false) // not kept, but what stands there must be one
	c.text(m, "metadata.", "etag", false)
	c.text(m, "metadata.", "title", false)
	if d := m.Get("description"); d != nil && d.Type != String {
		c.add(d, "metadata.description", "must be a string, not "+d.Type.String())
	}
	c.pairs(m, "labels", entity.CheckLabelKey, entity.CheckLabelValue)
	c.pairs(m, "annotations", entity.CheckAnnotationKey, nil)
	c.tags(m.Get("tags"))
	c.links(m.Get("links"))
	if len(c.found) > 0 {
		return c.found
	}
	return nil
}

type checker struct {
	file  string
	found Problems
}

func (c *checker) add(at *Value, path, reason string) {
	p := Problem{File: c.file, Path: path, Reason: reason}
	if at != nil {
		p.Line = int(at.Line)
	}
	c.found = append(c.found, p)
}

// text checks a field that is a string with something in it.
func (c *checker) text(parent *Value, prefix, key string, required bool) {
	v := parent.Get(key)
	switch {
	case v == nil && required:
		c.add(parent, prefix+key, "is missing")
	case v == nil, v.Type == String && v.Text != "":
	case v.Type == Number || v.Type == Bool:
		c.add(v, prefix+key, fmt.Sprintf("must be a string, not %s; put %s in quotes", v.Type, v.Text))
	case v.Type != String:
		c.add(v, prefix+key, "must be a string, not "+v.Type.String())
	case v.Text == "":
		c.add(v, prefix+key, "is empty")
	}
}

func (c *checker) object(parent *Value, prefix, key string, required bool) bool {
	v := parent.Get(key)
	switch {
	case v == nil && required:
		c.add(parent, prefix+key, "is missing")
	case v != nil && v.Type != Object:
		c.add(v, prefix+key, "must be an object, not "+v.Type.String())
	default:
		return v != nil
	}
	return false
}

func (c *checker) format(v *Value, path string, check func(string) error) {
	if v == nil || v.Type != String {
		return // said by text
	}
	if err := check(v.Text); err != nil {
		c.add(v, path, err.Error())
	}
}

func (c *checker) pairs(metadata *Value, key string, checkKey, checkValue func(string) error) {
	if !c.object(metadata, "metadata.", key, false) {
		return
	}
	pairs := metadata.Get(key)
	for i := range pairs.Members {
		m := &pairs.Members[i]
		add := func(at *Value, reason string) { c.add(at, "metadata."+key+"."+m.Key, reason) }
		if err := checkKey(m.Key); err != nil {
			add(&Value{Line: m.Line}, "the key "+err.Error())
		}
		switch {
		case m.Value.Type == Number || m.Value.Type == Bool:
			add(&m.Value, fmt.Sprintf("must be a string, not %s; put %s in quotes", m.Value.Type, m.Value.Text))
		case m.Value.Type != String:
			add(&m.Value, "must be a string, not "+m.Value.Type.String())
		case checkValue != nil:
			if err := checkValue(m.Value.Text); err != nil {
				add(&m.Value, err.Error())
			}
		}
	}
}

func (c *checker) list(v *Value, path string) bool {
	if v != nil && v.Type != Array {
		c.add(v, path, "must be a list, not "+v.Type.String())
		return false
	}
	return v != nil
}

func (c *checker) tags(v *Value) {
	if !c.list(v, "metadata.tags") {
		return
	}
	for i := range v.Items {
		item := &v.Items[i]
		if item.Type != String {
			c.add(item, fmt.Sprintf("metadata.tags.%d", i), "must be a string, not "+item.Type.String())
		} else if err := entity.CheckTag(item.Text); err != nil {
			c.add(item, fmt.Sprintf("metadata.tags.%d", i), err.Error())
		}
	}
}

func (c *checker) links(v *Value) {
	if !c.list(v, "metadata.links") {
		return
	}
	for i := range v.Items {
		link := checker{file: c.file}
		link.link(&v.Items[i])
		for _, p := range link.found { // paths are made for what is wrong only
			p.Path = strings.TrimSuffix(fmt.Sprintf("metadata.links.%d.%s", i, p.Path), ".")
			c.found = append(c.found, p)
		}
	}
}

func (c *checker) link(v *Value) {
	if v.Type != Object {
		c.add(v, "", "must be an object, not "+v.Type.String())
		return
	}
	c.text(v, "", "url", true)
	c.text(v, "", "title", false)
	c.text(v, "", "icon", false)
	c.text(v, "", "type", false)
	if url := v.Get("url"); url.Str() != "" {
		c.format(url, "url", entity.CheckURL)
	}
	for _, key := range [...]string{"title", "icon"} {
		if text := v.Get(key); text.Str() != "" {
			c.format(text, key, entity.CheckLinkText)
		}
	}
}
