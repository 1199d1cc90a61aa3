package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// extend adds what a plugin says of a kind that it need not have declared.
func (m *Model) extend(plugin string, x Extension) error {
	to, err := m.declared(x.Kind)
	if err != nil {
		return err
	}
	versions := x.APIVersions
	if len(versions) == 0 {
		versions = slices.Sorted(maps.Keys(to.versions))
	}
	more := part{plugin, x.Line, x.Schema, x.Relations, x.Derived}
	for _, name := range versions {
		v, err := to.version(name)
		if err != nil {
			return err
		}
		if x.Type != "" {
			if v.forms[x.Type] == nil {
				v.forms[x.Type] = &Declaration{parts: slices.Clone(v.general.parts)}
			}
			v.forms[x.Type].parts = append(v.forms[x.Type].parts, more)
			continue
		}
		v.general.parts = append(v.general.parts, more)
		for _, form := range v.forms {
			form.parts = append(form.parts, more)
		}
	}
	return to.mirror(plugin, x.Mirrored)
}

func (k *known) mirror(plugin string, fields []Mirrored) error {
	for _, f := range fields {
		if f.Relation == "" || f.From == "" || !belowSpec(f.Field) {
			return fmt.Errorf("mirrored field %q needs a relation, a field to copy, and a place below spec", f.Field)
		}
		k.mirrored = append(k.mirrored, owned[Mirrored]{plugin, f})
	}
	return nil
}

func belowSpec(path string) bool {
	rest, ok := strings.CutPrefix(path, "spec.")
	return ok && rest != "" && !strings.HasPrefix(rest, ".") && !strings.HasSuffix(rest, ".") && !strings.Contains(rest, "..")
}

// each visits every declaration, in an order that does not change.
func (m *Model) each(visit func(k *known, d *Declaration) error) error {
	for _, kind := range slices.Sorted(maps.Keys(m.kinds)) {
		k := m.kinds[kind]
		for _, name := range slices.Sorted(maps.Keys(k.versions)) {
			v := k.versions[name]
			if err := visit(k, v.general); err != nil {
				return err
			}
			for _, form := range slices.Sorted(maps.Keys(v.forms)) {
				if err := visit(k, v.forms[form]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// settle makes of the parts of each declaration what entities are held to.
func (m *Model) settle() error {
	if err := m.each(func(k *known, d *Declaration) error {
		d.mirrored = k.mirrored
		claims := claims{}
		for _, p := range d.parts {
			if err := d.take(p, claims); err != nil {
				return wrong(p.plugin, p.line, "kind", k.name, err)
			}
		}
		for _, f := range k.mirrored {
			if err := claims.fill(f.value.Field, f.plugin, "mirrored"); err != nil {
				return wrong(f.plugin, 0, "kind", k.name, err)
			}
		}
		if err := d.arrange(claims); err != nil {
			return wrong(k.plugin, 0, "kind", k.name, err)
		}
		return nil
	}); err != nil {
		return err
	}
	return m.mirrorsReadWhatIsWritten()
}

// take adds a part to the declaration.
func (d *Declaration) take(p part, claims claims) error {
	schema, err := compileSchema(p.schema)
	if err != nil {
		return err
	}
	if schema != nil {
		d.schemas = append(d.schemas, schema)
	}
	if err := claims.declare(p); err != nil {
		return err
	}
	for _, r := range p.relations {
		switch {
		case r.Field == "" || r.Type == "":
			return errors.New("a relation needs a field and a type")
		case r.DefaultNamespace != "" && r.DefaultNamespace != NamespaceInherit && r.DefaultNamespace != NamespaceDefault:
			return fmt.Errorf("relation %s: defaultNamespace is %q; use %s or %s", r.Field, r.DefaultNamespace, NamespaceInherit, NamespaceDefault)
		}
		if err := claims.relate(r.Field, p.plugin); err != nil {
			return err
		}
		d.relations = append(d.relations, r)
	}
	for _, f := range p.derived.Defaults {
		if !belowSpec(f.Field) || !json.Valid(f.Value) {
			return fmt.Errorf("default of %q needs a value, and a place below spec", f.Field)
		}
		if err := claims.fill(f.Field, p.plugin, "given a default"); err != nil {
			return err
		}
		d.defaults = append(d.defaults, owned[Default]{p.plugin, f})
	}
	for _, f := range p.derived.Computed {
		c, err := parseComputed(p.plugin, f)
		if err != nil {
			return err
		}
		if err := claims.fill(f.Field, p.plugin, "computed"); err != nil {
			return err
		}
		d.computed = append(d.computed, c)
	}
	return nil
}

// claims are the fields of one sort of entity, with who declares them.
type claims map[string]string

// declare claims the fields of spec that a schema describes, for one plugin each.
func (c claims) declare(p part) error {
	var schema struct {
		Properties struct {
			Spec struct {
				Required   []string                   `json:"required"`
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"spec"`
		} `json:"properties"`
	}
	_ = json.Unmarshal(p.schema, &schema) // of another form it claims nothing
	for _, name := range slices.Sorted(maps.Keys(schema.Properties.Spec.Properties)) {
		field := "spec." + name
		if other, taken := c["schema "+field]; taken && other != p.plugin {
			return fmt.Errorf("field %s is declared by plugin %q already", field, other)
		}
		c["schema "+field] = p.plugin
	}
	for _, name := range schema.Properties.Spec.Required {
		c["required spec."+name] = p.plugin
	}
	return nil
}

func (c claims) relate(field, plugin string) error {
	if other, taken := c["relation "+field]; taken && other != plugin {
		return fmt.Errorf("field %s makes relations for plugin %q already", field, other)
	}
	c["relation "+field] = plugin
	return nil
}

func (c claims) fill(field, plugin, how string) error {
	if other, taken := c["filled "+field]; taken {
		return fmt.Errorf("field %s is %s, but plugin %q fills it already", field, how, other)
	}
	c["filled "+field] = plugin
	return nil
}

// agree refuses two inverses of one relation.
func (m *Model) agree() error {
	type side struct{ inverse, plugin string }
	known := map[string]side{}
	for _, layer := range m.layers {
		check := func(kind, inverse string) error {
			if kind == "" || inverse == "" {
				return nil
			}
			for _, s := range [2][2]string{{kind, inverse}, {inverse, kind}} {
				if other, ok := known[s[0]]; ok && other.inverse != s[1] {
					return fmt.Errorf("its inverse is %q, but plugin %q says %q", s[1], other.plugin, other.inverse)
				}
			}
			known[kind], known[inverse] = side{inverse, layer.Plugin}, side{kind, layer.Plugin}
			return nil
		}
		for _, p := range layer.Pairs {
			if err := check(p.Type, p.Inverse); err != nil {
				return wrong(layer.Plugin, 0, "relation", p.Type, err)
			}
		}
		for _, r := range layer.fields() {
			if err := check(r.Type, r.Inverse); err != nil {
				return wrong(layer.Plugin, 0, "relation", r.Type, fmt.Errorf("field %s: %w", r.Field, err))
			}
		}
	}
	return nil
}

// fields are all fields of refs that a layer declares.
func (l *Layer) fields() []RelationField {
	var out []RelationField
	for _, k := range l.Kinds {
		out = append(out, k.Relations...)
	}
	for _, x := range l.Extensions {
		out = append(out, x.Relations...)
	}
	return out
}
