package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Model is the layers of all plugins, merged and compiled. It is immutable.
type Model struct {
	kinds    map[string]*known // by kind in lower case
	inverses map[string]string
	layers   []Layer
	digest   string
}

type known struct {
	name     string
	plugin   string
	versions map[string]*version
	mirrored []owned[Mirrored]
}

type version struct {
	general *Declaration
	forms   map[string]*Declaration // by spec.type
}

// Declaration is what the model says of one sort of entity: what its kind
// says, and what other plugins add.
type Declaration struct {
	description string // of a form
	parts       []part
	schemas     []*jsonschema.Schema // all of which hold
	relations   []RelationField
	defaults    []owned[Default]
	computed    []computed // each after those that it reads
	mirrored    []owned[Mirrored]
}

// part is what one plugin says of one sort of entity.
type part struct {
	plugin    string
	line      int
	schema    json.RawMessage
	relations []RelationField
	derived   Derived
}

// owned is a declaration with the plugin that brings it.
type owned[T any] struct {
	plugin string
	value  T
}

// Compile merges layers and compiles their schemas. Fault: Invalid, with the
// plugins and the place in the message.
func Compile(layers ...Layer) (*Model, error) {
	m := &Model{kinds: map[string]*known{}, inverses: map[string]string{}}
	layers = slices.Clone(layers)
	slices.SortStableFunc(layers, func(a, b Layer) int { return strings.Compare(a.Plugin, b.Plugin) })
	m.layers = layers
	sum := sha256.New()
	if err := m.declare(layers, sum, false, m.add); err != nil {
		return nil, err
	}
	if err := m.declare(layers, sum, true, m.form); err != nil {
		return nil, err
	}
	for _, layer := range layers {
		for _, x := range layer.Extensions {
			err := m.extend(layer.Plugin, x)
			if err == nil {
				err = digest(sum, x)
			}
			if err != nil {
				return nil, wrong(layer.Plugin, x.Line, "extension of kind", x.Kind, err)
			}
		}
	}
	if err := m.settle(); err != nil {
		return nil, err
	}
	if err := m.agree(); err != nil {
		return nil, err
	}
	m.digest = hex.EncodeToString(sum.Sum(nil))
	m.pair(layers)
	return m, nil
}

// declare adds the kinds of all layers, or the forms of kinds.
func (m *Model) declare(layers []Layer, sum hash.Hash, forms bool, add func(plugin string, k Kind) error) error {
	for _, layer := range layers {
		for _, k := range layer.Kinds {
			if (k.Type != "") != forms {
				continue
			}
			err := add(layer.Plugin, k)
			if err == nil {
				err = digest(sum, k)
			}
			if err != nil {
				return wrong(layer.Plugin, k.Line, "kind", k.Kind, err)
			}
		}
	}
	return nil
}

func digest(sum hash.Hash, declared any) error {
	text, err := json.Marshal(declared)
	sum.Write(text)
	return err //nolint:wrapcheck // the caller says which declaration it is
}

// wrong names the plugin and the place of what is wrong with a layer.
func wrong(plugin string, line int, what, name string, err error) error {
	where := ""
	if line > 0 {
		where = fmt.Sprintf(" (line %d of its manifest)", line)
	}
	return fault.New(fault.Invalid, "model of plugin %q: %s %q%s: %w", plugin, what, name, where, err)
}

// pair notes which relations are two names of one, those of the layers first.
func (m *Model) pair(layers []Layer) {
	first := map[string]bool{}
	add := func(kind, inverse string) {
		if inverse == "" || kind == inverse || first[inverse] || m.inverses[kind] != "" || m.inverses[inverse] != "" {
			return
		}
		first[kind], m.inverses[inverse] = true, kind
	}
	fields := func(relations []RelationField) {
		for _, r := range relations {
			add(r.Type, r.Inverse)
		}
	}
	for _, layer := range layers {
		for _, p := range layer.Pairs {
			add(p.Type, p.Inverse)
		}
	}
	for _, layer := range layers {
		for _, k := range layer.Kinds {
			fields(k.Relations)
		}
	}
}

// Inverses returns the first type of each pair of relations by its second:
// dependsOn of dependencyOf. Nobody writes into it.
func (m *Model) Inverses() map[string]string { return m.inverses }

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
		to.versions[name] = &version{general: &Declaration{parts: []part{{plugin, k.Line, k.Schema, k.Relations, k.Derived}}}, forms: map[string]*Declaration{}}
	}
	return to.mirror(plugin, k.Mirrored)
}

// form adds the declaration of a kind for one spec.type. Each kind is known.
func (m *Model) form(plugin string, k Kind) error {
	if len(k.APIVersions) == 0 {
		return errors.New("kind and apiVersions must be set")
	}
	if len(k.Mirrored) > 0 {
		return fmt.Errorf("a mirrored field is for all forms of a kind; the one with specType %q cannot have its own", k.Type)
	}
	to, err := m.declared(k.Kind)
	if err != nil {
		return err
	}
	for _, name := range k.APIVersions {
		v, err := to.version(name)
		if err != nil {
			return err
		}
		if other := v.forms[k.Type]; other != nil {
			return fmt.Errorf("specType %q of apiVersion %q is declared by plugin %q already", k.Type, name, other.parts[0].plugin)
		}
		p := part{plugin, k.Line, k.Schema, k.Relations, k.Derived}
		if len(p.relations) == 0 {
			p.relations = v.general.parts[0].relations
		}
		v.forms[k.Type] = &Declaration{description: k.Description, parts: []part{p}}
	}
	return nil
}

// declared returns a kind that some layer declares.
func (m *Model) declared(kind string) (*known, error) {
	to := m.kinds[strings.ToLower(kind)]
	switch {
	case to == nil:
		return nil, errors.New("no plugin declares that kind; the plugin that does is not installed, or has been refused")
	case to.name != kind:
		return nil, fmt.Errorf("plugin %q declares it as %q", to.plugin, to.name)
	}
	return to, nil
}

// version returns the declaration of the kind for an apiVersion.
func (k *known) version(name string) (*version, error) {
	v := k.versions[name]
	if v == nil {
		return nil, fmt.Errorf("plugin %q declares it without apiVersion %q; it has %s", k.plugin, name, strings.Join(slices.Sorted(maps.Keys(k.versions)), ", "))
	}
	return v, nil
}

// compileSchema compiles a schema, nil when there is none.
func compileSchema(schema json.RawMessage) (*jsonschema.Schema, error) {
	if len(schema) == 0 {
		return nil, nil //nolint:nilnil // anything goes
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
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema: %w", err)
	}
	return compiled, nil
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
	if d := v.forms[root.Lookup("spec.type").Str()]; d != nil {
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
