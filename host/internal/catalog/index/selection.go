package index

import (
	"encoding/binary"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
)

// criteria say which entities a read is about, whatever their order.
type criteria struct {
	filter    catalog.Filter
	predicate []byte
	term      string // folded and trimmed
	fields    []string
	limits    *limits

	compiled condition
}

// selection is the ids of a segment that pass criteria and scope, dead ones included.
type selection struct {
	set   Set // nil = all
	count int
}

// newCriteria checks sizes; what is wrong inside a predicate shows when it compiles.
func (x *Index) newCriteria(filter catalog.Filter, predicate []byte, term string, fields []string) (*criteria, error) {
	clauses := 0
	for _, terms := range filter {
		clauses++
		for _, t := range terms {
			if t.Key == "" {
				return nil, fault.New(fault.Invalid, "invalid filter: a term has no key")
			}
			clauses += 1 + len(t.Values)
		}
	}
	if clauses+len(fields) > x.limits.clauses {
		return nil, fault.New(fault.Invalid, "invalid filter: more than %d clauses", x.limits.clauses)
	}
	c := &criteria{filter: filter, term: strings.ToLower(strings.TrimSpace(term)), limits: &x.limits}
	if len(predicate) > 0 {
		c.predicate = predicate
	}
	if c.term != "" {
		c.fields = fields
	}
	return c, nil
}

// empty reports whether everything passes.
func (c *criteria) empty() bool {
	return len(c.filter) == 0 && c.predicate == nil && c.term == ""
}

// condition compiles the criteria, once. Faults: Invalid.
func (c *criteria) condition() (condition, error) {
	if c.compiled != nil {
		return c.compiled, nil
	}
	var all allOf
	if len(c.filter) > 0 {
		all = append(all, compileFilter(c.filter))
	}
	if c.predicate != nil {
		p, err := compilePredicate(c.predicate, c.limits.clauses)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if c.term != "" {
		all = append(all, compileText(c.term, c.fields))
	}
	c.compiled = all
	return all, nil
}

// asksRelations reports whether rows of relations may decide, so that the
// answer for a limited viewer depends on the visibility of other entities.
func (c *criteria) asksRelations() bool {
	if c.predicate != nil {
		return true // not read yet: assume the worst
	}
	for _, terms := range c.filter {
		for _, t := range terms {
			if isRelation(t.Key) {
				return true
			}
		}
	}
	for _, f := range c.fields {
		if isRelation(f) {
			return true
		}
	}
	return false
}

func isRelation(key string) bool {
	return strings.HasPrefix(strings.ToLower(key), "relations.")
}

// key identifies the selections of a view: scope, criteria and, where other
// entities matter, the revision.
func (c *criteria) key(dst []byte, v view) []byte {
	if v.scope != nil {
		dst = append(dst, 's')
		dst = appendString(dst, v.scope.Key)
		if c.asksRelations() {
			dst = binary.AppendUvarint(dst, v.revision)
		}
	}
	return c.encode(append(dst, ':'))
}

// encode appends the criteria unambiguously.
func (c *criteria) encode(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(c.filter)))
	for _, terms := range c.filter {
		dst = binary.AppendUvarint(dst, uint64(len(terms)))
		for _, t := range terms {
			dst = appendString(dst, t.Key)
			dst = appendStrings(dst, t.Values)
		}
	}
	dst = append(dst, flagByte(c.predicate != nil))
	dst = appendString(dst, text(c.predicate))
	dst = appendString(dst, c.term)
	return appendStrings(dst, c.fields)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendStrings(dst []byte, list []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = appendString(dst, s)
	}
	return dst
}

// selections returns the selection of every part, in order. Faults: Invalid.
func (v view) selections(c *criteria) ([]selection, error) {
	out := make([]selection, len(v.parts))
	if c.empty() && v.scope == nil {
		return out, nil
	}
	var room [256]byte
	key := c.key(room[:0], v)
	for i := range v.parts {
		s := v.parts[i].segment
		if known, ok := s.selections.get(key); ok {
			out[i] = known
			continue
		}
		condition, err := c.condition()
		if err != nil {
			return nil, err
		}
		set := condition.eval(&evaluation{segment: s, sees: v.sees()})
		if v.scope != nil {
			set.and(s.seen(v.scope))
		}
		out[i] = selection{set: set, count: set.Count()}
		s.selections.put(key, out[i])
	}
	if len(v.parts) == 0 { // an empty catalog refuses what is malformed, too
		if _, err := c.condition(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// total returns how many entities of p are selected and alive.
func (p *part) total(s selection) int {
	switch {
	case s.set == nil:
		return p.alive
	case p.dead == nil:
		return s.count
	default:
		return s.set.countAndNot(p.dead)
	}
}
