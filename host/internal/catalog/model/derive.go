package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/sdk/entity"
)

// Bounds of what the host fills.
const (
	maxFormat   = 1000 // characters of a format
	maxComputed = 4000 // bytes of a computed text; a longer one is left out
	maxDefault  = 16   // levels of a default
	// MaxMirrored is how many bytes of JSON a mirrored value has; a larger one is left out.
	MaxMirrored = 4000
)

// computed is a format in pieces: text, field, text, field, …, text.
type computed struct {
	plugin string
	Computed
	pieces []string
}

// parseComputed reads a format.
func parseComputed(plugin string, f Computed) (computed, error) {
	c := computed{plugin: plugin, Computed: f}
	bad := func(format string, args ...any) (computed, error) {
		return c, fmt.Errorf("computed field %s: format %.100q %s", f.Field, f.Format, fmt.Sprintf(format, args...))
	}
	if !belowSpec(f.Field) {
		return c, fmt.Errorf("computed field %q must be below spec", f.Field)
	}
	if len(f.Format) > maxFormat {
		return bad("has more than %d characters", maxFormat)
	}
	var text strings.Builder
	for rest := f.Format; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			text.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '{':
			field, after, closed := strings.Cut(rest[1:], "}")
			if !closed {
				return bad("has a brace that does not close; write {{ for a brace")
			}
			if !readable(field) {
				return bad("names %q, which is no field; write it like {metadata.name}", field)
			}
			c.pieces = append(c.pieces, text.String(), field)
			text.Reset()
			rest = after
		case rest[0] == '}':
			return bad("closes a brace that did not open; write }} for a brace")
		default:
			text.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	c.pieces = append(c.pieces, text.String())
	return c, nil
}

func readable(field string) bool {
	head, rest, below := strings.Cut(field, ".")
	switch head {
	case "kind", "apiVersion":
		return !below
	case "metadata", "spec":
		return rest != "" && !strings.HasPrefix(rest, ".") && !strings.HasSuffix(rest, ".") && !strings.ContainsAny(rest, "{ ")
	}
	return false
}

// reads are the fields that a format names.
func (c *computed) reads() []string {
	var out []string
	for i := 1; i < len(c.pieces); i += 2 {
		out = append(out, c.pieces[i])
	}
	return out
}

// within reports whether one path is the other or lies below it.
func within(path, above string) bool { return path == above || strings.HasPrefix(path, above+".") }

// arrange puts computed fields after those that they read, and refuses what
// could not come out.
func (d *Declaration) arrange(claims claims) error {
	for _, f := range d.filled() {
		if owner, required := claims["required "+f.value]; required {
			return fmt.Errorf("field %s is filled by plugin %q, but required of descriptors by the schema of plugin %q", f.value, f.plugin, owner)
		}
	}
	for _, c := range d.computed {
		for _, path := range c.reads() {
			for _, f := range d.mirrored {
				if within(path, f.value.Field) {
					return fmt.Errorf("computed field %s of plugin %q reads %s, which plugin %q mirrors; it reads what the descriptor says, and other computed fields", c.Field, c.plugin, path, f.plugin)
				}
			}
		}
	}
	var done []computed
	for rest := d.computed; len(rest) > 0; {
		ready := slices.IndexFunc(rest, func(c computed) bool {
			return !slices.ContainsFunc(c.reads(), func(path string) bool {
				return slices.ContainsFunc(rest, func(other computed) bool { return within(path, other.Field) })
			})
		})
		if ready < 0 {
			return fmt.Errorf("computed fields read each other in a circle: %s", circle(rest))
		}
		done = append(done, rest[ready])
		rest = slices.Delete(slices.Clone(rest), ready, ready+1)
	}
	d.computed = done
	return nil
}

func circle(fields []computed) string {
	var out []string
	for _, c := range fields {
		out = append(out, fmt.Sprintf("%s of plugin %q", c.Field, c.plugin))
	}
	return strings.Join(out, ", ")
}

// mirrorsReadWhatIsWritten refuses mirrors of mirrors: one step is bounded, and
// can have no circle.
func (m *Model) mirrorsReadWhatIsWritten() error {
	for _, k := range m.kinds {
		for _, f := range k.mirrored {
			for name, other := range m.kinds {
				if f.value.Kind != "" && !strings.EqualFold(f.value.Kind, name) {
					continue
				}
				for _, g := range other.mirrored {
					if within(f.value.From, g.value.Field) || within(g.value.Field, f.value.From) {
						return wrong(f.plugin, 0, "kind", k.name, fmt.Errorf("field %s mirrors %s of kind %s, which plugin %q mirrors itself; mirror the field that it is copied from", f.value.Field, f.value.From, other.name, g.plugin))
					}
				}
			}
		}
	}
	return nil
}

// filled are the fields that no descriptor may set.
func (d *Declaration) filled() []owned[string] {
	var out []owned[string]
	for _, c := range d.computed {
		out = append(out, owned[string]{c.plugin, c.Field})
	}
	for _, f := range d.mirrored {
		out = append(out, owned[string]{f.plugin, f.value.Field})
	}
	return out
}

// lookup follows a path. What comes after metadata.annotations or
// metadata.labels is one key, dots and all.
func lookup(v *descriptor.Value, path string) *descriptor.Value {
	for _, step := range Steps(path) {
		v = v.Get(step)
	}
	return v
}

// Steps are the keys of a path: what comes after metadata.annotations or
// metadata.labels is one key, dots and all.
func Steps(path string) []string {
	for _, keys := range []string{"annotations", "labels"} {
		if key, ok := strings.CutPrefix(path, "metadata."+keys+"."); ok {
			return []string{"metadata", keys, key}
		}
	}
	return strings.Split(path, ".")
}

// Put sets the value at a path, or takes it out when there is none, and the
// objects that are empty without it. Where the descriptor has something else on
// the way, nothing is set.
func Put(root *descriptor.Value, path string, value *descriptor.Value) {
	put(root, Steps(path), value)
}

func put(in *descriptor.Value, steps []string, value *descriptor.Value) {
	if in.Type != descriptor.Object {
		return
	}
	key := steps[0]
	if len(steps) == 1 {
		in.Delete(key)
		if value != nil {
			in.Set(key, *value)
		}
		return
	}
	next := in.Get(key)
	switch {
	case next == nil && value == nil:
		return
	case next == nil:
		in.Set(key, descriptor.Value{Type: descriptor.Object})
		next = in.Get(key)
	}
	had := len(next.Members) > 0
	put(next, steps[1:], value)
	if had && next.Type == descriptor.Object && len(next.Members) == 0 {
		in.Delete(key)
	}
}

// Default fills in what the descriptor leaves out, before it is validated.
func (d *Declaration) Default(root *descriptor.Value) {
	for _, f := range d.defaults {
		if lookup(root, f.value.Field) != nil {
			continue
		}
		if v, err := descriptor.ParseJSON(f.value.Value, maxDefault); err == nil {
			Put(root, f.value.Field, &v)
		}
	}
}

// Compute fills computed fields, after validation.
func (d *Declaration) Compute(root *descriptor.Value) {
	for i := range d.computed {
		if text, ok := d.computed[i].text(root); ok {
			v := descriptor.Str(text)
			Put(root, d.computed[i].Field, &v)
		}
	}
}

// text is what a format says of an entity; ok is false when a field is absent
// or no text, number or boolean.
func (c *computed) text(root *descriptor.Value) (text string, ok bool) {
	var b strings.Builder
	for i, piece := range c.pieces {
		if i%2 == 0 {
			b.WriteString(piece)
			continue
		}
		v := lookup(root, piece)
		if v == nil && piece == "metadata.namespace" {
			def := descriptor.Str(entity.DefaultNamespace)
			v = &def
		}
		switch {
		case v == nil, v.Type != descriptor.String && v.Type != descriptor.Number && v.Type != descriptor.Bool:
			return "", false
		}
		if b.WriteString(v.Text); b.Len() > maxComputed {
			return "", false
		}
	}
	return b.String(), b.Len() <= maxComputed
}

// Mirrored are the fields that entities of a kind copy from related ones. The
// kind is as in refs, in any case.
func (m *Model) Mirrored(kind string) []Mirrored {
	k := m.kinds[strings.ToLower(kind)]
	if k == nil {
		return nil
	}
	out := make([]Mirrored, len(k.mirrored))
	for i, f := range k.mirrored {
		out[i] = f.value
	}
	return out
}

// Mirrors reports whether anything copies fields of entities of a kind.
func (m *Model) Mirrors(kind string) bool {
	for _, k := range m.kinds {
		for _, f := range k.mirrored {
			if f.value.Kind == "" || strings.EqualFold(f.value.Kind, kind) {
				return true
			}
		}
	}
	return false
}
