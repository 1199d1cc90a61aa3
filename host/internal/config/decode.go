package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// decoder fills the typed definition from the merged tree and reports every
// mismatch it meets instead of stopping at the first.
type decoder struct{ report *Report }

// decode reads n into out as s defines it; out is settable.
func (d *decoder) decode(n *node, s *spec, path string, out reflect.Value) {
	if out.Kind() == reflect.Pointer {
		out.Set(reflect.New(out.Type().Elem()))
		out = out.Elem()
	}
	if s.form == formLeaf {
		if err := out.Addr().Interface().(leaf).decodeLeaf(n); err != nil {
			d.mismatch(n, s, path, err.Error())
		}
		return
	}
	if s.short {
		if ok, err := out.Addr().Interface().(shorthand).decodeShort(n); err != nil {
			d.mismatch(n, s, path, err.Error())
			return
		} else if ok {
			return
		}
	}
	switch s.form {
	case formText:
		d.text(n, s, path, out)
	case formFlag:
		d.flag(n, s, path, out)
	case formNumber:
		d.number(n, s, path, out)
	case formList:
		d.list(n, s, path, out)
	case formMap:
		d.mapping(n, s, path, out)
	case formObject:
		d.object(n, s, path, out)
	}
}

// mismatch reports "backend.listen.port must be …; write for example …".
func (d *decoder) mismatch(n *node, s *spec, path, message string) {
	if example := s.shownExample(); example != "" {
		message += "; write for example " + example
	}
	d.report.problem(n.origin, path, "%s %s", path, message)
}

func (d *decoder) wrongKind(n *node, s *spec, path string) {
	message := "must be " + s.describe() + ", got " + n.kind.String()
	if s.form == formText && (n.kind == kindNumber || n.kind == kindBool) {
		message += " (put it in quotes)"
	}
	d.mismatch(n, s, path, message)
}

func (d *decoder) text(n *node, s *spec, path string, out reflect.Value) {
	switch {
	case n.kind != kindString:
		d.wrongKind(n, s, path)
	case len(s.enum) > 0 && !slices.Contains(s.enum, n.text):
		message := fmt.Sprintf("must be %s, got %s", s.describe(), shown(path, n))
		if near := nearest(n.text, s.enum); near != "" {
			message += fmt.Sprintf(" (did you mean %q?)", near)
		}
		d.report.problem(n.origin, path, "%s %s", path, message)
	case s.pattern != "" && !regexp.MustCompile(s.pattern).MatchString(n.text):
		d.mismatch(n, s, path, "has the wrong form: "+shown(path, n))
	default:
		out.SetString(n.text)
	}
}

var (
	trueText  = regexp.MustCompile(`(?i)^(y|yes|true|1|on)$`)
	falseText = regexp.MustCompile(`(?i)^(n|no|false|0|off)$`)
)

// flag accepts texts too: what comes from the environment has no other type.
func (d *decoder) flag(n *node, s *spec, path string, out reflect.Value) {
	switch {
	case n.kind == kindBool:
		out.SetBool(n.flag)
	case n.kind == kindString && trueText.MatchString(n.text):
		out.SetBool(true)
	case n.kind == kindString && falseText.MatchString(n.text):
		out.SetBool(false)
	default:
		d.wrongKind(n, s, path)
	}
}

func (d *decoder) number(n *node, s *spec, path string, out reflect.Value) {
	value, err := wholeNumber(n)
	if err != nil {
		d.mismatch(n, s, path, "must be a whole number of zero or more, got "+shown(path, n))
		return
	}
	if out.OverflowInt(value) {
		d.mismatch(n, s, path, "is too large: "+shown(path, n))
		return
	}
	out.SetInt(value)
}

// wholeNumber reads a number, or a text that is one.
func wholeNumber(n *node) (int64, error) {
	if n.kind != kindNumber && n.kind != kindString {
		return 0, fmt.Errorf("must be a whole number, got %s", n.kind)
	}
	text := strings.TrimSpace(n.text)
	if value, err := strconv.ParseInt(text, 10, 64); err == nil && value >= 0 {
		return value, nil
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 && f == math.Trunc(f) && f < 1<<53 {
		return int64(f), nil
	}
	return 0, fmt.Errorf("must be a whole number of zero or more")
}

func (d *decoder) list(n *node, s *spec, path string, out reflect.Value) {
	if n.kind != kindList {
		d.wrongKind(n, s, path)
		return
	}
	items := reflect.MakeSlice(out.Type(), len(n.list), len(n.list))
	for i, item := range n.list {
		d.decode(item, s.elem, fmt.Sprintf("%s[%d]", path, i), items.Index(i))
	}
	out.Set(items)
}

func (d *decoder) mapping(n *node, s *spec, path string, out reflect.Value) {
	if n.kind != kindObject {
		d.wrongKind(n, s, path)
		return
	}
	entries := reflect.MakeMapWithSize(out.Type(), len(n.keys))
	for _, key := range n.keys {
		at := join(path, key)
		if s.pattern != "" && !regexp.MustCompile(s.pattern).MatchString(key) {
			d.report.problem(n.fields[key].origin, at, "name %q in %s has the wrong form; write for example %s", key, path, s.example)
			continue
		}
		value := reflect.New(out.Type().Elem()).Elem()
		d.decode(n.fields[key], s.elem, at, value)
		entries.SetMapIndex(reflect.ValueOf(key).Convert(out.Type().Key()), value)
	}
	out.Set(entries)
}

func (d *decoder) object(n *node, s *spec, path string, out reflect.Value) {
	if n.kind != kindObject {
		d.wrongKind(n, s, path)
		n = newObject(n.origin) // defaults still apply, so that later checks see sane values
	}
	for _, f := range s.fields {
		at := join(path, f.key)
		if value := n.fields[f.key]; value != nil {
			d.decode(value, f.spec, at, out.Field(f.index))
			continue
		}
		if value := f.absent(); value != nil {
			d.decode(value, f.spec, at, out.Field(f.index))
		}
	}
	for _, key := range n.keys {
		if s.field(key) == nil {
			d.unknown(n.fields[key].origin, s, path, key)
		}
	}
}

// absent is the node that stands for a key that nobody wrote: its default, or
// an empty object when the defaults are further down, or nil.
func (f field) absent() *node {
	switch {
	case f.fallback != "":
		n, err := new(parser).yaml([]byte(f.fallback), "")
		if err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", f.key, err))
		}
		n.origin = Origin{}
		return n
	case f.form == formObject && !f.optional && f.hasDefaults():
		return newObject(Origin{})
	default:
		return nil
	}
}

func (s *spec) hasDefaults() bool {
	for _, f := range s.fields {
		if f.fallback != "" || f.form == formObject && !f.optional && f.hasDefaults() {
			return true
		}
	}
	return false
}

func (d *decoder) unknown(at Origin, s *spec, path, key string) {
	full := join(path, key)
	hint := ""
	if near := nearest(key, s.keys()); near != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", join(path, near))
	}
	if s.own {
		if hint == "" && len(s.fields) > 0 {
			hint = fmt.Sprintf(" (known in %s: %s)", path, strings.Join(s.keys(), ", "))
		} else if len(s.fields) == 0 {
			hint = fmt.Sprintf(" (%s has no keys in this version)", path)
		}
		d.report.problem(at, full, "unknown key %q%s", full, hint)
		return
	}
	d.report.note(at, full, "key %q is not read by Callboard%s", full, hint)
}
