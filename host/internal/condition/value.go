package condition

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Value is a constant of a condition, or a part of a resource.
type Value struct {
	kind   valueKind
	text   string
	number float64
	values []Value             // of an array, or of a set in order
	texts  []string            // of an array of texts, of a resource
	fields map[string]string   // of an object of texts, of a resource
	lists  map[string][]string // of an object of arrays, of a resource
}

type valueKind uint8

const (
	null valueKind = iota
	boolean
	number
	textual
	array
	texts // an array, too
	set
	fields // an object
	lists  // an object
)

// rank orders the kinds as Rego does: null, booleans, numbers, texts, arrays,
// objects, sets.
func (k valueKind) rank() int { return [...]int{0, 1, 2, 3, 4, 4, 6, 5, 5}[k] }

// Null is null.
func Null() Value { return Value{} }

// Bool is true or false.
func Bool(b bool) Value {
	if b {
		return Value{kind: boolean, number: 1}
	}
	return Value{kind: boolean}
}

// Number is a number.
func Number(n float64) Value { return Value{kind: number, number: n} }

// Text is a text.
func Text(s string) Value { return Value{kind: textual, text: s} }

// Array is a list of constants.
func Array(values ...Value) Value { return Value{kind: array, values: values} }

// Set is a set of constants.
func Set(values ...Value) Value {
	sorted := slices.Clone(values)
	slices.SortFunc(sorted, compare)
	return Value{kind: set, values: slices.CompactFunc(sorted, func(a, b Value) bool { return compare(a, b) == 0 })}
}

// truth reports whether an expression of the value alone holds.
func (v Value) truth() bool { return v.kind != boolean || v.number != 0 }

// compare orders values as Rego does.
func compare(a, b Value) int {
	if c := cmp.Compare(a.kind.rank(), b.kind.rank()); c != 0 {
		return c
	}
	switch a.kind {
	case null:
		return 0
	case boolean, number:
		return cmp.Compare(a.number, b.number)
	case textual:
		return strings.Compare(a.text, b.text)
	case fields, lists:
		return slices.CompareFunc(a.members(), b.members(), func(a, b member) int {
			return cmp.Or(strings.Compare(a.key, b.key), compare(a.value, b.value))
		})
	}
	return slices.CompareFunc(a.elements(), b.elements(), compare)
}

// Collection reports whether the value has members.
func (v Value) Collection() bool { return v.kind >= array }

// elements are those of an array or a set.
func (v Value) elements() []Value {
	if v.kind != texts {
		return v.values
	}
	out := make([]Value, len(v.texts))
	for i, s := range v.texts {
		out[i] = Text(s)
	}
	return out
}

type member struct {
	key   string
	value Value
}

// members are those of an object, by key.
func (v Value) members() []member {
	var out []member
	for _, k := range slices.Sorted(maps.Keys(v.fields)) {
		out = append(out, member{k, Text(v.fields[k])})
	}
	for _, k := range slices.Sorted(maps.Keys(v.lists)) {
		out = append(out, member{k, Value{kind: texts, texts: v.lists[k]}})
	}
	return out
}

// at returns what the value has under a key, which is an index for arrays and
// the element itself for sets.
func (v Value) at(key Value) (Value, bool) {
	switch v.kind {
	case array, texts:
		i := int(key.number)
		if key.kind != number || float64(i) != key.number || i < 0 {
			return Value{}, false
		}
		if v.kind == texts {
			if i < len(v.texts) {
				return Text(v.texts[i]), true
			}
		} else if i < len(v.values) {
			return v.values[i], true
		}
	case set:
		return key, v.has(key)
	case fields:
		s, ok := v.fields[key.text]
		return Text(s), ok && key.kind == textual
	case lists:
		l, ok := v.lists[key.text]
		return Value{kind: texts, texts: l}, ok && key.kind == textual
	}
	return Value{}, false
}

// has reports whether a collection has the value, as Rego's "in" does.
func (v Value) has(x Value) bool {
	switch v.kind {
	case texts:
		return x.kind == textual && slices.Contains(v.texts, x.text)
	case array, set:
		return slices.ContainsFunc(v.values, func(one Value) bool { return compare(one, x) == 0 })
	case fields:
		for _, s := range v.fields {
			if x.kind == textual && s == x.text {
				return true
			}
		}
	case lists:
		for _, l := range v.lists {
			if compare(Value{kind: texts, texts: l}, x) == 0 {
				return true
			}
		}
	}
	return false
}

// each visits the elements of a collection with their keys until one is what
// was looked for.
func (v Value) each(visit func(key, value Value) bool) bool {
	switch v.kind {
	case texts:
		for i, s := range v.texts {
			if visit(Number(float64(i)), Text(s)) {
				return true
			}
		}
	case array:
		for i, one := range v.values {
			if visit(Number(float64(i)), one) {
				return true
			}
		}
	case set:
		for _, one := range v.values {
			if visit(one, one) {
				return true
			}
		}
	case fields:
		for k, s := range v.fields {
			if visit(Text(k), Text(s)) {
				return true
			}
		}
	case lists:
		for k, l := range v.lists {
			if visit(Text(k), Value{kind: texts, texts: l}) {
				return true
			}
		}
	}
	return false
}

// count is the length of a text in characters, or of a collection.
func (v Value) count() (Value, bool) {
	switch v.kind {
	case textual:
		return Number(float64(utf8.RuneCountInString(v.text))), true
	case array, set:
		return Number(float64(len(v.values))), true
	case texts:
		return Number(float64(len(v.texts))), true
	case fields:
		return Number(float64(len(v.fields))), true
	case lists:
		return Number(float64(len(v.lists))), true
	}
	return Value{}, false
}

// String writes a value as Rego does.
func (v Value) String() string {
	switch v.kind {
	case null:
		return "null"
	case boolean:
		return strconv.FormatBool(v.number != 0)
	case number:
		return strconv.FormatFloat(v.number, 'g', -1, 64)
	case textual:
		b, _ := json.Marshal(v.text) // a text is always JSON
		return string(b)
	case fields, lists:
		var all []string
		for _, m := range v.members() {
			all = append(all, Text(m.key).String()+": "+m.value.String())
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	var all []string
	for _, one := range v.elements() {
		all = append(all, one.String())
	}
	switch {
	case v.kind != set:
		return "[" + strings.Join(all, ", ") + "]"
	case len(all) == 0:
		return "set()"
	}
	return "{" + strings.Join(all, ", ") + "}"
}
