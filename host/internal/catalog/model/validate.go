package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Validate checks an entity against the schemas of its kind. The error is
// descriptor.Problems, each with the line of the value it is about.
func (d *Declaration) Validate(file string, root *descriptor.Value) error {
	var found descriptor.Problems
	for _, f := range d.filled() {
		if v := lookup(root, f.value); v != nil {
			found = append(found, descriptor.Problem{File: file, Line: line(v), Path: f.value, Reason: fmt.Sprintf("is filled by the model of plugin %s; leave it out", f.plugin)})
		}
	}
	value := root.Any()
	for _, schema := range d.schemas {
		err := schema.Validate(value)
		var invalid *jsonschema.ValidationError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &invalid):
			return descriptor.Problem{File: file, Line: line(root), Reason: err.Error()}
		}
		collect(invalid, func(path []string, reason string) {
			p := descriptor.Problem{File: file, Line: lineAt(root, path), Path: strings.Join(path, "."), Reason: reason}
			if !slices.Contains(found, p) {
				found = append(found, p)
			}
		})
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b descriptor.Problem) int { return a.Line - b.Line })
	return found
}

// collect reports the causes at the leaves; the ways down to them say nothing
// that a person could act on. Alternatives are reported as one.
func collect(e *jsonschema.ValidationError, report func(path []string, reason string)) {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		report(e.InstanceLocation, "fits none of the forms that its kind allows")
		return
	case *kind.Required:
		for _, name := range k.Missing {
			report(append(slices.Clone(e.InstanceLocation), name), "is missing")
		}
		return
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			report(append(slices.Clone(e.InstanceLocation), name), "is not a field that its kind has")
		}
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			collect(cause, report)
		}
		return
	}
	report(e.InstanceLocation, reason(e))
}

func reason(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, not %s", strings.Join(articles(k.Want), " or "), articles([]string{k.Got})[0])
	case *kind.Enum:
		allowed := make([]string, len(k.Want))
		for i, w := range k.Want {
			allowed[i] = fmt.Sprint(w)
		}
		return "must be one of " + strings.Join(allowed, ", ")
	case *kind.Const:
		return fmt.Sprintf("must be %v", k.Want)
	case *kind.MinLength:
		if k.Want == 1 {
			return "is empty"
		}
		return fmt.Sprintf("has %d characters; at least %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("has %d characters; at most %d", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("has %d items; at least %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has %d items; at most %d", k.Got, k.Want)
	case *kind.Pattern:
		return fmt.Sprintf("%q does not match %s", k.Got, k.Want)
	default:
		return e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	}
}

func articles(types []string) []string {
	out := make([]string, len(types))
	for i, t := range types {
		switch t {
		case "array":
			out[i] = descriptor.Array.String()
		case "object":
			out[i] = descriptor.Object.String()
		case "null":
			out[i] = t
		case "integer":
			out[i] = "an integer"
		default:
			out[i] = "a " + t
		}
	}
	return out
}

// lineAt returns the line of the value at the path, or of the nearest one
// above it.
func lineAt(v *descriptor.Value, path []string) int {
	at := line(v)
	for _, step := range path {
		switch v.Type {
		case descriptor.Object:
			v = v.Get(step)
		case descriptor.Array:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v.Items) {
				return at
			}
			v = &v.Items[i]
		default:
			v = nil
		}
		if v == nil {
			return at
		}
		if v.Line > 0 {
			at = int(v.Line)
		}
	}
	return at
}
