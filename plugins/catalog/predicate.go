package main

import (
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// maxDepth bounds how deep predicates nest.
const maxDepth = 32

// matches evaluates a predicate of the query language on a flat object whose
// members are strings, as a location is; case does not matter. Entities are
// not asked for here: the host's index does that.
func matches(predicate, object []byte, depth int) (bool, error) {
	if depth > maxDepth {
		return false, sdk.Invalid("Query is nested more than %d levels deep", maxDepth)
	}
	if predicate[0] != '{' {
		return false, sdk.Invalid("Query must be an object")
	}
	all, known := true, true
	var first error
	err := rawjson.EachMember(predicate, func(key string, value []byte) {
		if first != nil {
			return
		}
		var fits bool
		switch key {
		case "$all", "$any":
			fits, first = matchesList(key, value, object, depth)
		case "$not":
			fits, first = matches(value, object, depth+1)
			fits = !fits
		default:
			if known = !strings.HasPrefix(key, "$"); !known {
				first = sdk.Invalid("Query has an unknown operator \"%s\"", key)
				return
			}
			member, has := rawjson.Get(object, key)
			fits, first = matchesValue(key, value, member, has)
		}
		all = all && fits
	})
	if err != nil {
		return false, sdk.Invalid("Query is not valid JSON")
	}
	return all, first
}

// matchesList is $all and $any: none is all, and not any.
func matchesList(op string, list, object []byte, depth int) (bool, error) {
	if list[0] != '[' {
		return false, sdk.Invalid("Query operator %s takes an array", op)
	}
	result := op == "$all"
	var first error
	_ = rawjson.Each(list, func(item []byte) { // it is part of a valid document
		if first != nil {
			return
		}
		var fits bool
		if fits, first = matches(item, object, depth+1); op == "$all" {
			result = result && fits
		} else {
			result = result || fits
		}
	})
	return result, first
}

// matchesValue compares one member with a primitive or with the operators of
// an object.
func matchesValue(key string, matcher, member []byte, has bool) (bool, error) {
	have, _ := primitive(member)
	if want, isPrimitive := primitive(matcher); isPrimitive {
		return has && equal(have, want), nil
	}
	if matcher[0] != '{' {
		return false, sdk.Invalid("Query value of \"%s\" must be a primitive or an object of operators", key)
	}
	result, operators := true, 0
	var first error
	_ = rawjson.EachMember(matcher, func(op string, value []byte) { // likewise
		operators++
		fits, err := operator(op, value, have, has)
		if first == nil {
			first = err
		}
		result = result && fits
	})
	if operators == 0 {
		return false, sdk.Invalid("Query value of \"%s\" has no operator", key)
	}
	return result, first
}

func operator(op string, value []byte, have string, has bool) (bool, error) {
	switch op {
	case "$exists":
		if v := string(value); v != "true" && v != "false" {
			return false, sdk.Invalid("Query operator $exists takes true or false")
		}
		return has == (string(value) == "true"), nil
	case "$hasPrefix":
		prefix, isText := rawjson.Unquote(value)
		if !isText {
			return false, sdk.Invalid("Query operator $hasPrefix takes a string")
		}
		return has && strings.HasPrefix(strings.ToLower(have), strings.ToLower(prefix)), nil
	case "$in":
		if value[0] != '[' {
			return false, sdk.Invalid("Query operator $in takes an array of primitives")
		}
		found, valid := false, true
		_ = rawjson.Each(value, func(item []byte) { // part of a valid document
			want, isPrimitive := primitive(item)
			valid = valid && isPrimitive
			found = found || has && equal(have, want)
		})
		if !valid {
			return false, sdk.Invalid("Query operator $in takes an array of primitives")
		}
		return found, nil
	case "$contains":
		return false, nil // a location has no arrays
	}
	return false, sdk.Invalid("Query has an unknown operator \"%s\"", op)
}

// primitive is the text of a string, number or truth value.
func primitive(value []byte) (string, bool) {
	if len(value) == 0 {
		return "", false
	}
	switch value[0] {
	case '"':
		return rawjson.Unquote(value)
	case '{', '[', 'n':
		return "", false
	}
	return string(value), true
}

func equal(a, b string) bool { return strings.EqualFold(a, b) }
