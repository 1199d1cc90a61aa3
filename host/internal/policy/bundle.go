package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bundle is the source of a policy: Rego modules and the data that they read.
type Bundle struct {
	Modules map[string]string // text by path; tests included
	Data    map[string]any    // documents of data.json and data.yaml, merged
}

// Limits of a bundle.
const (
	maxFile   = 1 << 20
	maxBundle = 16 << 20
	maxFiles  = 2000
)

// ReadBundle reads a folder as OPA does: *.rego are modules; data.json and
// data.yaml are documents, under the path of their folder. Other files, and
// those whose name begins with a dot, are passed over. Faults: Invalid, with
// the file, when something cannot be read, is too large or is said twice.
func ReadBundle(folder fs.FS) (Bundle, error) {
	b := Bundle{Modules: map[string]string{}, Data: map[string]any{}}
	size, files := 0, 0
	err := fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading the policy bundle: %w", err)
		}
		base := path.Base(name)
		if e.Type()&fs.ModeSymlink != 0 && !strings.HasPrefix(base, ".") {
			if info, err := fs.Stat(folder, name); err == nil && info.IsDir() {
				return fault.New(fault.Invalid, "policy bundle: %s is a link to a folder, which is not followed: rules in it would be missing", name)
			}
		}
		switch {
		case strings.HasPrefix(base, ".") && base != ".":
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir() || path.Ext(base) != ".rego" && base != "data.json" && base != "data.yaml" && base != "data.yml":
			return nil
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return fmt.Errorf("reading the policy bundle: %w", err)
		}
		if size, files = size+len(text), files+1; len(text) > maxFile || size > maxBundle || files > maxFiles {
			return fault.New(fault.Invalid, "policy bundle: %s: a file has at most %d MiB, a bundle %d MiB and %d files", name, maxFile>>20, maxBundle>>20, maxFiles)
		}
		if path.Ext(base) == ".rego" {
			b.Modules[name] = string(text)
			return nil
		}
		return b.addData(name, text)
	})
	return b, err //nolint:wrapcheck // says what and where
}

func (b *Bundle) addData(name string, text []byte) error {
	var document any
	decode := yaml.Unmarshal
	if path.Ext(name) == ".json" {
		decode = json.Unmarshal
	}
	if err := decode(text, &document); err != nil {
		return fault.New(fault.Invalid, "policy bundle: %s: %w", name, err)
	}
	// YAML may say what JSON cannot, and Rego does not know.
	plain, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(plain, &document)
	}
	object, ok := document.(map[string]any)
	if err != nil || !ok {
		return fault.New(fault.Invalid, "policy bundle: %s: it must be an object, of what JSON can say", name)
	}
	if folder := path.Dir(name); folder != "." {
		parts := strings.Split(folder, "/")
		for _, part := range slices.Backward(parts) {
			object = map[string]any{part: object}
		}
	}
	if twice := merge(b.Data, object, "data"); twice != "" {
		return fault.New(fault.Invalid, "policy bundle: %s: %s is said by another file already", name, twice)
	}
	return nil
}

// merge adds documents to others and returns where both say something.
func merge(into, from map[string]any, at string) (twice string) {
	for _, k := range slices.Sorted(maps.Keys(from)) {
		was, known := into[k]
		if !known {
			into[k] = from[k]
			continue
		}
		a, aObject := was.(map[string]any)
		b, bObject := from[k].(map[string]any)
		if !aObject || !bObject {
			return at + "." + k
		}
		if twice = merge(a, b, at+"."+k); twice != "" {
			return twice
		}
	}
	return ""
}

// Extend returns the bundle with the modules and data of another, which is
// named in messages. Fault: Invalid, when both say the same.
func (b Bundle) Extend(name string, more Bundle) (Bundle, error) {
	out := Bundle{Modules: maps.Clone(b.Modules), Data: map[string]any{}}
	for file, text := range more.Modules {
		out.Modules[path.Join(name, file)] = text
	}
	data, err := json.Marshal(b.Data)
	if err == nil {
		err = json.Unmarshal(data, &out.Data) // a copy, to merge into
	}
	if err != nil {
		return b, fmt.Errorf("copying the data of a policy: %w", err)
	}
	if twice := merge(out.Data, more.Data, "data"); twice != "" {
		return b, fault.New(fault.Invalid, "policy bundle %s: %s is said by the policy that it extends", name, twice)
	}
	return out, nil
}

// List returns the list at a path below data, nil for anything else.
func (b Bundle) List(at ...string) []any {
	var document any = b.Data
	for _, key := range at {
		object, _ := document.(map[string]any)
		document = object[key]
	}
	list, _ := document.([]any)
	return slices.Clone(list)
}

// With returns the bundle with documents at a path below data, in place of
// what it has there: what an installation knows and no bundle.
func (b Bundle) With(document any, at ...string) Bundle {
	b.Data = replaced(b.Data, document, at)
	return b
}

func replaced(data map[string]any, document any, at []string) map[string]any {
	out := maps.Clone(data)
	if out == nil {
		out = map[string]any{}
	}
	if len(at) == 1 {
		out[at[0]] = document
		return out
	}
	below, _ := out[at[0]].(map[string]any)
	out[at[0]] = replaced(below, document, at[1:])
	return out
}

// Digest names the content of the bundle: equal digests decide alike.
func (b Bundle) Digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b.Modules)) {
		_, _ = fmt.Fprintf(h, "%d %s%d %s", len(name), name, len(b.Modules[name]), b.Modules[name])
	}
	data, _ := json.Marshal(b.Data) // made of JSON and YAML, keys in order
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
