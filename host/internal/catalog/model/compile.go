package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Model is the layers of all plugins, merged and compiled. It is immutable.
type Model struct {
	kinds  map[string]*known // by kind in lower case
	digest string
}

type known struct {
	name     string
	versions map[string]*version
	plugin   string
}

type version struct {
	general  *Declaration
	variants map[string]*Declaration
}

// Declaration is what the model says of one sort of entity.
type Declaration struct {
	schema    *jsonschema.Schema // nil = anything
	relations []RelationField
}

// Compile merges layers and compiles their schemas. Fault: Invalid, with the
// plugin and the kind in the message.
func Compile(layers ...Layer) (*Model, error) {
	m := &Model{kinds: map[string]*known{}}
	layers = slices.Clone(layers)
	slices.SortStableFunc(layers, func(a, b Layer) int { return strings.Compare(a.Plugin, b.Plugin) })
	sum := sha256.New()
	for _, layer := range layers {
		for _, k := range layer.Kinds {
			if err := m.add(layer.Plugin, k); err != nil {
				return nil, fault.New(fault.Invalid, "model of plugin %q: kind %q: %w", layer.Plugin, k.Kind, err)
			}
			text, err := json.Marshal(k)
			if err != nil {
				return nil, fault.New(fault.Invalid, "model of plugin %q: kind %q: %w", layer.Plugin, k.Kind, err)
			}
			sum.Write(text)
		}
	}
	m.digest = hex.EncodeToString(sum.Sum(nil))
	return m, nil
}

// Digest changes when anything in the model does: what was validated under
// another digest must be validated again.
func (m *Model) Digest() string { return m.digest }

// Kinds returns the declared kinds as entities write them, sorted.
func (m *Model) Kinds() []string {
	out := make([]string, 0, len(m.kinds))
	for _, k := range m.kinds {
		out = append(out, k.name)
	}
	slices.Sort(out)
	return out
}

func (m *Model) add(plugin string, k Kind) error {
	if k.Kind == "" || len(k.APIVersions) == 0 {
		return errors.New("kind and apiVersions must be set")
	}
	general, err := declare(k.Schema, k.Relations)
	if err != nil {
		return err
	}
	v := &version{general: general, variants: map[string]*Declaration{}}
	for _, variant := range k.Variants {
		relations := variant.Relations
		if len(relations) == 0 {
			relations = k.Relations
		}
		d, err := declare(variant.Schema, relations)
		if err != nil {
			return fmt.Errorf("variant %q: %w", variant.Type, err)
		}
		if _, twice := v.variants[variant.Type]; twice || variant.Type == "" {
			return fmt.Errorf("variant %q has no type of its own", variant.Type)
		}
		v.variants[variant.Type] = d
	}
	to := m.kinds[strings.ToLower(k.Kind)]
	if to == nil {
		to = &known{name: k.Kind, versions: map[string]*version{}, plugin: plugin}
		m.kinds[strings.ToLower(k.Kind)] = to
	}
	if to.name != k.Kind {
		return fmt.Errorf("plugin %q declares it as %q", to.plugin, to.name)
	}
	for _, name := range k.APIVersions {
		if _, twice := to.versions[name]; twice {
			return fmt.Errorf("apiVersion %q is declared by plugin %q already", name, to.plugin)
		}
		to.versions[name] = v
	}
	return nil
}

func declare(schema json.RawMessage, relations []RelationField) (*Declaration, error) {
	for _, r := range relations {
		switch {
		case r.Field == "" || r.Type == "":
			return nil, errors.New("a relation needs a field and a type")
		case r.DefaultNamespace != "" && r.DefaultNamespace != NamespaceInherit && r.DefaultNamespace != NamespaceDefault:
			return nil, fmt.Errorf("relation %s: defaultNamespace is %q; use %s or %s", r.Field, r.DefaultNamespace, NamespaceInherit, NamespaceDefault)
		}
	}
	d := &Declaration{relations: relations}
	if len(schema) == 0 {
		return d, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	const name = "urn:callboard:kind"
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	if d.schema, err = c.Compile(name); err != nil {
		return nil, fmt.Errorf("compiling the schema: %w", err)
	}
	return d, nil
}

// noLoader keeps schemas from reading files or the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a schema must not refer to another document (%s)", url)
}

// Find returns the declaration for an entity. The error is a
// descriptor.Problem that names what is declared instead.
func (m *Model) Find(file string, root *descriptor.Value) (*Declaration, error) {
	written := root.Get("kind")
	k := m.kinds[strings.ToLower(written.Str())]
	if k == nil {
		return nil, descriptor.Problem{File: file, Line: line(written), Path: "kind", Reason: fmt.Sprintf("no plugin declares kind %s; declared are %s", written.Str(), strings.Join(m.Kinds(), ", "))}
	}
	if k.name != written.Str() {
		return nil, descriptor.Problem{File: file, Line: line(written), Path: "kind", Reason: fmt.Sprintf("no plugin declares kind %s; did you mean %s?", written.Str(), k.name)}
	}
	apiVersion := root.Get("apiVersion")
	v := k.versions[apiVersion.Str()]
	if v == nil {
		versions := make([]string, 0, len(k.versions))
		for name := range k.versions {
			versions = append(versions, name)
		}
		slices.Sort(versions)
		return nil, descriptor.Problem{File: file, Line: line(apiVersion), Path: "apiVersion", Reason: fmt.Sprintf("kind %s has no apiVersion %s; it has %s", k.name, apiVersion.Str(), strings.Join(versions, ", "))}
	}
	if d := v.variants[root.Lookup("spec.type").Str()]; d != nil {
		return d, nil
	}
	return v.general, nil
}

func line(v *descriptor.Value) int {
	if v == nil {
		return 0
	}
	return int(v.Line)
}
