package index

import (
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
)

// condition is what a filter, a predicate or a full-text term compiles to.
// eval returns a set of its own, which the caller may change.
type condition interface {
	eval(e *evaluation) Set
}

// evaluation is a condition meeting a segment for a viewer.
type evaluation struct {
	segment *segment
	// sees limits rows of incoming relations to visible targets; nil = no limit.
	sees func(ref string) bool
}

func (e *evaluation) none() Set { return NewSet(len(e.segment.docs)) }

type (
	allOf  []condition
	anyOf  []condition
	noneOf struct{ condition }
	// field tests the rows of one key.
	field struct {
		key    string // folded
		test   test
		values []string // folded; one for prefixed and containing
	}
)

type test uint8

const (
	exists test = iota
	equals
	prefixed
	containing
)

func (a allOf) eval(e *evaluation) Set {
	if len(a) == 0 {
		all := e.none()
		all.fill(len(e.segment.docs))
		return all
	}
	set := a[0].eval(e)
	for _, c := range a[1:] {
		set.and(c.eval(e))
	}
	return set
}

func (a anyOf) eval(e *evaluation) Set {
	set := e.none()
	for _, c := range a {
		set.or(c.eval(e))
	}
	return set
}

func (n noneOf) eval(e *evaluation) Set {
	set := n.condition.eval(e)
	set.invert(len(e.segment.docs))
	return set
}

func (f field) eval(e *evaluation) Set {
	set := e.none()
	if c := e.segment.columns[f.key]; c != nil {
		f.put(set, c, nil)
	} else if v, ok := e.segment.flags.find(f.key); ok && f.holds("true") {
		set.addAll(e.segment.flags.postings(v))
	}
	if c := e.segment.incoming[f.key]; c != nil {
		f.put(set, c, e.sees)
	}
	return set
}

// put adds the ids that pass the test, of values that keep accepts.
func (f field) put(set Set, c *column, keep func(string) bool) {
	switch f.test {
	case exists:
		c.putExisting(set, keep)
	case equals:
		for _, value := range f.values {
			if v, ok := c.find(value); ok {
				c.put(set, v, keep)
			}
		}
	case prefixed:
		c.putPrefixed(set, f.values[0], keep)
	case containing:
		c.putContaining(set, f.values[0], keep)
	}
}

// holds reports whether one value passes the test.
func (f field) holds(value string) bool {
	switch f.test {
	case equals:
		for _, v := range f.values {
			if v == value {
				return true
			}
		}
		return false
	case prefixed:
		return strings.HasPrefix(value, f.values[0])
	case containing:
		return strings.Contains(value, f.values[0])
	default:
		return true
	}
}

// compileFilter turns Backstage's filter parameters into a condition.
func compileFilter(filter catalog.Filter) condition {
	some := make(anyOf, 0, len(filter))
	for _, terms := range filter {
		all := make(allOf, 0, len(terms))
		for _, t := range terms {
			f := field{key: strings.ToLower(t.Key), test: exists}
			if len(t.Values) > 0 {
				f.test = equals
				f.values = make([]string, len(t.Values))
				for i, v := range t.Values {
					f.values[i] = strings.ToLower(v)
				}
			}
			all = append(all, f)
		}
		some = append(some, all)
	}
	return some
}

// compileText turns a full-text term into a condition: any field contains it.
func compileText(term string, fields []string) condition {
	some := make(anyOf, len(fields))
	for i, key := range fields {
		some[i] = field{key: strings.ToLower(key), test: containing, values: []string{term}}
	}
	return some
}
