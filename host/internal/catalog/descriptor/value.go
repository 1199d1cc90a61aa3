package descriptor

import (
	"strings"
)

// Type is the JSON type of a Value.
type Type uint8

// The types.
const (
	Null Type = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns the type as people call it in messages, with its article.
func (t Type) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[t]
}

// Value is a JSON value that keeps the order of its keys and remembers the
// line it was written on. It is a tree of its own because a document becomes
// JSON again at once: no map is worth its cost on the way.
type Value struct {
	Type    Type
	Line    int32    // first line is 1; 0 = made by the host
	Text    string   // String: the text. Number and Bool: the JSON literal
	Items   []Value  // Array
	Members []Member // Object, in source order
}

// Member is one key of an object.
type Member struct {
	Key   string
	Line  int32
	Value Value
}

// Str returns a string value that the host makes.
func Str(s string) Value { return Value{Type: String, Text: s} }

// Get returns the value of a key of an object, nil when absent.
func (v *Value) Get(key string) *Value {
	if v == nil || v.Type != Object {
		return nil
	}
	for i := range v.Members {
		if v.Members[i].Key == key {
			return &v.Members[i].Value
		}
	}
	return nil
}

// Lookup follows a dotted path through objects, nil when it leads nowhere.
func (v *Value) Lookup(path string) *Value {
	for path != "" && v != nil {
		var key string
		key, path, _ = strings.Cut(path, ".")
		v = v.Get(key)
	}
	return v
}

// Str returns the text of a string, "" for anything else and for nil.
func (v *Value) Str() string {
	if v == nil || v.Type != String {
		return ""
	}
	return v.Text
}

// Strings returns the texts of a list, or of a single string, in order; what
// is no string in it is left out.
func (v *Value) Strings() []string {
	switch {
	case v == nil:
		return nil
	case v.Type == String:
		return []string{v.Text}
	}
	var out []string
	for i := range v.Items {
		if v.Items[i].Type == String {
			out = append(out, v.Items[i].Text)
		}
	}
	return out
}

// Set replaces the value of a key, or appends it.
func (v *Value) Set(key string, to Value) {
	if old := v.Get(key); old != nil {
		*old = to
		return
	}
	v.Members = append(v.Members, Member{Key: key, Value: to})
}

// Delete removes a key.
func (v *Value) Delete(key string) {
	for i := range v.Members {
		if v.Members[i].Key == key {
			v.Members = append(v.Members[:i:i], v.Members[i+1:]...)
			return
		}
	}
}
