package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bounds of the JSON operations.
const (
	maxSchema     = 1 << 20
	maxPaths      = 100
	maxViolations = 100
	maxDiff       = 1 << 20
)

// Pick returns the raw value at each dotted path, nil where there is none. A
// segment is a key or, in an array, an index; a key that holds dots is written
// in brackets: metadata.annotations[backstage.io/source-location].
// Fault: Invalid (not JSON, malformed path).
func Pick(source []byte, paths []string) ([][]byte, error) {
	if len(paths) > maxPaths {
		return nil, fault.New(fault.Invalid, "%d paths asked for, at most %d at once", len(paths), maxPaths)
	}
	if !json.Valid(source) {
		return nil, fault.New(fault.Invalid, "the source is not JSON")
	}
	out := make([][]byte, len(paths))
	for i, path := range paths {
		segments, err := splitPath(path)
		if err != nil {
			return nil, err
		}
		out[i] = pick(source, segments)
	}
	return out, nil
}

func splitPath(path string) ([]string, error) {
	var segments []string
	for rest := path; rest != ""; {
		if key, ok := strings.CutPrefix(rest, "["); ok {
			end := strings.IndexByte(key, ']')
			if end < 0 {
				return nil, fault.New(fault.Invalid, "path %q has a bracket without its end", path)
			}
			segments = append(segments, key[:end])
			rest = strings.TrimPrefix(key[end+1:], ".")
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			segments = append(segments, rest)
			break
		}
		if end > 0 {
			segments = append(segments, rest[:end])
		}
		rest = strings.TrimPrefix(rest[end:], ".")
	}
	if len(segments) == 0 {
		return nil, fault.New(fault.Invalid, "a path is empty")
	}
	return segments, nil
}

func pick(raw []byte, segments []string) []byte {
	for _, s := range segments {
		raw = bytes.TrimSpace(raw)
		switch {
		case len(raw) > 0 && raw[0] == '{':
			var object map[string]json.RawMessage
			if json.Unmarshal(raw, &object) != nil {
				return nil
			}
			raw = object[s]
		case len(raw) > 0 && raw[0] == '[':
			var array []json.RawMessage
			i, err := strconv.Atoi(s)
			if err != nil || json.Unmarshal(raw, &array) != nil || i < 0 || i >= len(array) {
				return nil
			}
			raw = array[i]
		default:
			return nil
		}
	}
	return raw
}

// Violation is one way in which a document breaks its schema.
type Violation struct {
	Pointer string // JSON pointer into the document
	Message string
}

// Validate checks a JSON document against a JSON Schema. Schemas are
// self-contained: a reference to another document is refused, never fetched.
// Fault: Invalid (schema or source unusable).
func Validate(schema, source []byte) ([]Violation, error) {
	if err := errors.Join(checkSize(schema, maxSchema), checkSize(source, MaxSource)); err != nil {
		return nil, err
	}
	schemaDoc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the schema is not JSON: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the source is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(refuseLoader{})
	const name = "schema.json"
	if err := c.AddResource(name, schemaDoc); err != nil {
		return nil, fault.New(fault.Invalid, "the schema is unusable: %w", err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the schema is unusable: %w", err)
	}
	err = compiled.Validate(doc)
	var invalid *jsonschema.ValidationError
	if err == nil || !errors.As(err, &invalid) {
		return nil, err
	}
	var out []Violation
	collect(invalid, message.NewPrinter(language.English), &out)
	return out, nil
}

// refuseLoader keeps schemas from reaching files and hosts.
type refuseLoader struct{}

func (refuseLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a reference to %s: schemas must be self-contained", url)
}

func collect(e *jsonschema.ValidationError, p *message.Printer, out *[]Violation) {
	if len(*out) >= maxViolations {
		return
	}
	if len(e.Causes) == 0 {
		var pointer strings.Builder
		for _, s := range e.InstanceLocation {
			pointer.WriteByte('/')
			pointer.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(s))
		}
		*out = append(*out, Violation{Pointer: pointer.String(), Message: e.ErrorKind.LocalizedString(p)})
		return
	}
	for _, cause := range e.Causes {
		collect(cause, p, out)
	}
}

// Diff returns a unified diff of two texts, empty when they are equal. Fault: Invalid (too large).
func Diff(from, to []byte) ([]byte, error) {
	if err := errors.Join(checkSize(from, maxDiff), checkSize(to, maxDiff)); err != nil {
		return nil, err
	}
	return []byte(udiff.Unified("from", "to", string(from), string(to))), nil
}
