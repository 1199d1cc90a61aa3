package descriptor

import (
	"errors"
	"fmt"
	"strings"
)

// maxPlaceholders is how many one document may have: each is a read.
const maxPlaceholders = 100

// Loader reads what a placeholder names, relative to the descriptor, and
// returns its bytes.
type Loader func(target string) ([]byte, error)

// ResolvePlaceholders replaces every object that consists of $text, $json or
// $yaml alone by the content that it names, anywhere in the document. What is
// put in is not looked at again. Other keys that begin with a dollar are the
// document's own, and their objects are left as they are.
// Together they read no more than one file may have, and maxPlaceholders times;
// what they put in has no more values than one document may have.
func ResolvePlaceholders(file string, root *Value, lim Limits, load Loader) error {
	reads, size, left := 0, int64(0), newBudget(lim)
	return walkPlaceholders(root, nil, func(v *Value, path []string, key string, target *Value) error {
		wrap := func(err error) error {
			return Problem{File: file, Line: int(v.Line), Path: strings.Join(path, "."), Reason: fmt.Sprintf("%s %v", key, err)}
		}
		if target.Type != String {
			return wrap(fmt.Errorf("takes a relative path or an absolute URL, not %s", target.Type))
		}
		if reads++; reads > maxPlaceholders {
			return wrap(fmt.Errorf("is one of more than %d placeholders in the document", maxPlaceholders))
		}
		data, err := load(target.Text)
		if err != nil {
			return wrap(fmt.Errorf("cannot read %q: %w", target.Text, err))
		}
		if size += int64(len(data)); size > lim.FileBytes {
			return wrap(fmt.Errorf("cannot use %q: the document's placeholders hold more than %d bytes", target.Text, lim.FileBytes))
		}
		content, err := content(key, target.Text, data, lim, left)
		if err != nil {
			return wrap(err)
		}
		line := v.Line
		*v = content
		v.Line = line
		return nil
	})
}

// Placeholders reports whether the document has any.
func Placeholders(root *Value) bool {
	found := errors.New("found")
	return walkPlaceholders(root, nil, func(*Value, []string, string, *Value) error { return found }) != nil
}

func walkPlaceholders(v *Value, path []string, visit func(v *Value, path []string, key string, target *Value) error) error {
	switch v.Type {
	case Array:
		for i := range v.Items {
			if err := walkPlaceholders(&v.Items[i], append(path, fmt.Sprint(i)), visit); err != nil {
				return err
			}
		}
	case Object:
		dollar := false
		for i := range v.Members {
			dollar = dollar || strings.HasPrefix(v.Members[i].Key, "$")
		}
		if dollar {
			if len(v.Members) != 1 {
				return nil
			}
			switch key := v.Members[0].Key; key {
			case "$text", "$json", "$yaml":
				return visit(v, path, key, &v.Members[0].Value)
			}
			return nil
		}
		for i := range v.Members {
			if err := walkPlaceholders(&v.Members[i].Value, append(path, v.Members[i].Key), visit); err != nil {
				return err
			}
		}
	}
	return nil
}

func content(key, target string, data []byte, lim Limits, left *budget) (Value, error) {
	switch key {
	case "$json":
		v, err := parseJSON(data, lim.Depth, left)
		if err != nil {
			return Value{}, fmt.Errorf("cannot parse %q as JSON: %w", target, err)
		}
		return v, nil
	case "$yaml":
		chunks, err := Split(target, data, lim)
		if err != nil {
			return Value{}, err
		}
		if len(chunks) != 1 {
			return Value{}, fmt.Errorf("needs exactly one YAML document in %q, there are %d", target, len(chunks))
		}
		return parse(target, chunks[0], lim, left)
	default:
		if strings.IndexByte(string(data), 0) >= 0 {
			return Value{}, fmt.Errorf("cannot use %q: there is a NUL byte in it", target)
		}
		return Value{Type: String, Text: strings.ToValidUTF8(string(data), "\ufffd")}, nil
	}
}
