package sdktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
)

// matches says whether any of the filters holds; no filter holds for everything.
func (e *fakeEntity) matches(filter []contract.FilterAll) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(all contract.FilterAll) bool {
		return !slices.ContainsFunc(all.Terms, func(t contract.FilterTerm) bool { return !e.term(t) })
	})
}

func (e *fakeEntity) term(t contract.FilterTerm) bool {
	values := e.search[strings.ToLower(t.Key)]
	if len(t.Values) == 0 {
		return len(values) > 0
	}
	return slices.ContainsFunc(t.Values, func(want string) bool {
		return slices.ContainsFunc(values, func(have string) bool { return strings.EqualFold(have, want) })
	})
}

// fullText says whether one of the fields contains the term. Without fields it
// looks at the first order field, and without that at the uid, as Backstage does.
func (e *fakeEntity) fullText(term string, fields []string, order []contract.OrderField) bool {
	switch {
	case len(fields) > 0:
	case len(order) > 0:
		fields = []string{order[0].Field}
	default:
		fields = []string{"metadata.uid"}
	}
	term = strings.ToLower(strings.TrimSpace(term))
	if term == "" {
		return true
	}
	for key, values := range e.search {
		if !slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, key) }) {
			continue
		}
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(strings.ToLower(v), term) }) {
			return true
		}
	}
	return false
}

// predicate compiles a query in the predicate language.
func predicate(text []byte) (func(e *fakeEntity) bool, error) {
	if len(text) == 0 {
		return func(*fakeEntity) bool { return true }, nil
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		return nil, sdk.Invalid("Invalid query: %v", err)
	}
	return expression(root)
}

type test func(e *fakeEntity) bool

func expression(v any) (func(e *fakeEntity) bool, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, sdk.Invalid("Invalid query: %v is not an object", v)
	}
	var all []test
	for key, value := range object {
		if strings.HasPrefix(key, "$") && len(object) > 1 {
			return nil, sdk.Invalid("Invalid query: %s must stand alone in its object", key)
		}
		if strings.HasPrefix(key, "$") && len(object) > 1 {
			return nil, sdk.Invalid("Invalid query: %s must stand alone in its object", key)
		}
		var t test
		var err error
		switch key {
		case "$all", "$any":
			var parts []test
			for _, item := range list(value) {
				part, err := expression(item)
				if err != nil {
					return nil, err
				}
				parts = append(parts, part)
			}
			t = func(e *fakeEntity) bool {
				if key == "$any" {
					return slices.ContainsFunc(parts, func(t test) bool { return t(e) })
				}
				return !slices.ContainsFunc(parts, func(t test) bool { return !t(e) })
			}
		case "$not":
			var inner test
			inner, err = expression(value)
			t = func(e *fakeEntity) bool { return !inner(e) }
		default:
			if strings.HasPrefix(key, "$") {
				return nil, sdk.Invalid("Invalid query: unknown operator %s", key)
			}
			t, err = field(key, value)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return func(e *fakeEntity) bool {
		return !slices.ContainsFunc(all, func(t test) bool { return !t(e) })
	}, nil
}

// field tests the values of one key.
func field(key string, matcher any) (test, error) {
	object, ok := matcher.(map[string]any)
	if !ok {
		return anyValue(key, func(v string) bool { return strings.EqualFold(v, fmt.Sprint(matcher)) }), nil
	}
	for op, arg := range object {
		switch op {
		case "$exists":
			want, _ := arg.(bool)
			return func(e *fakeEntity) bool { return (len(e.search[strings.ToLower(key)]) > 0) == want }, nil
		case "$in":
			return anyValue(key, func(v string) bool {
				return slices.ContainsFunc(list(arg), func(a any) bool { return strings.EqualFold(v, fmt.Sprint(a)) })
			}), nil
		case "$hasPrefix":
			return anyValue(key, func(v string) bool {
				return strings.HasPrefix(strings.ToLower(v), strings.ToLower(fmt.Sprint(arg)))
			}), nil
		case "$contains":
			return contains(key, arg), nil
		}
		return nil, sdk.Invalid("Invalid query: unknown matcher %s", op)
	}
	return nil, sdk.Invalid("Invalid query: %s has an empty matcher", key)
}

func anyValue(key string, ok func(v string) bool) test {
	return func(e *fakeEntity) bool { return slices.ContainsFunc(e.search[strings.ToLower(key)], ok) }
}

// contains tests a list of text, or relations by type and target.
func contains(key string, arg any) test {
	relation, ok := arg.(map[string]any)
	if !ok {
		return anyValue(key, func(v string) bool { return strings.EqualFold(v, fmt.Sprint(arg)) })
	}
	target, typed := relation["targetRef"]
	targets := []any{target}
	if in, ok := target.(map[string]any); ok {
		targets = list(in["$in"])
	}
	return anyValue(fmt.Sprintf("%s.%v", key, relation["type"]), func(v string) bool {
		return !typed || slices.ContainsFunc(targets, func(t any) bool { return strings.EqualFold(v, fmt.Sprint(t)) })
	})
}
