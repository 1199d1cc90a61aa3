package policy

import (
	"fmt"
	"maps"
	"regexp"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/callboard/callboard/host/internal/condition"
)

// What partial evaluation leaves of a policy when the resource is unknown is
// Rego again: queries, and support rules that they name. Inlining is shallow,
// so that the rest is no larger than the policy, and so that it says of each
// negated call that its operands must be there: "not startswith(name, x)" is
// false without a name, which a plain negation is not. The walk below turns
// the part of Rego that it knows into a condition, and refuses the rest: then
// each resource is asked of the policy itself.

// maxResidue bounds how much a condition evaluates for one resource, counted
// in nodes, shared ones as often as they are reached.
const maxResidue = 20_000

// unwalkable says what of a policy the walk does not know.
type unwalkable struct{ what string }

func (e unwalkable) Error() string { return e.what }

func refuse(format string, args ...any) error { return unwalkable{fmt.Sprintf(format, args...)} }

// residue is the walk over what is left of one question.
type residue struct {
	rules map[string][]*ast.Rule // of support, by path
	paths []ast.Ref
}

// sized is a condition and how many nodes it has.
type sized struct {
	node condition.Node
	size int
}

// walk turns queries, one of which must hold, into a condition.
func walk(queries []ast.Body, support []*ast.Module) (condition.Node, error) {
	w := &residue{rules: map[string][]*ast.Rule{}}
	for _, m := range support {
		for _, r := range m.Rules {
			ref := m.Package.Path.Extend(r.Head.Ref().GroundPrefix())
			if path := ref.String(); w.rules[path] == nil {
				w.paths = append(w.paths, ref)
			}
			w.rules[ref.String()] = append(w.rules[ref.String()], r)
		}
	}
	if err := w.nested(); err != nil {
		return nil, err
	}
	var any []sized
	for _, q := range queries {
		n, err := w.body(names{}, q, top)
		if err != nil {
			return nil, err
		}
		any = append(any, n)
	}
	out, err := either(any)
	return out.node, err
}

// nested refuses rules below rules: what one says of a key, the other may say
// as well.
func (w *residue) nested() error {
	for _, a := range w.paths {
		for _, b := range w.paths {
			if len(a) < len(b) && b.HasPrefix(a) {
				return refuse("%s is a rule, and a part of %s", b, a)
			}
		}
	}
	return nil
}

// place says whether a body is the question itself, or something that it reads.
type place bool

const (
	top    place = true
	inside place = false
)

func all(nodes ...sized) (sized, error) {
	var out condition.All
	size := 1
	for _, n := range nodes {
		size += n.size
		if more, ok := n.node.(condition.All); ok {
			out = append(out, more...)
		} else {
			out = append(out, n.node)
		}
	}
	return sized{out, size}, large(size)
}

func either(nodes []sized) (sized, error) {
	var out condition.Any
	size := 1
	for _, n := range nodes {
		size += n.size
		out = append(out, n.node)
	}
	if len(out) == 1 {
		return nodes[0], nil
	}
	return sized{out, size}, large(size)
}

func not(n sized) sized { return sized{condition.Not{Node: n.node}, n.size + 1} }

func test(op condition.Op, args ...condition.Term) sized {
	return sized{condition.Test{Op: op, Args: args}, 1}
}

func large(size int) error {
	if size > maxResidue {
		return refuse("it comes to more than %d tests of one resource", maxResidue)
	}
	return nil
}

// names are what the variables of a body stand for.
type names struct {
	bound map[ast.Var]operand
	vars  condition.Var // how many a condition around has in use
}

// operand is what a term of Rego stands for: exactly one of the three.
type operand struct {
	term condition.Term
	// rule is the path of a support rule, whose value is meant; in it, below
	// the keys, count says that the number of its members is.
	rule  string
	keys  []*ast.Term
	count bool
	// opaque is a value that nobody looks at, such as the reasons of a decision.
	opaque bool
}

func (s names) with(v ast.Var, o operand) names {
	bound := maps.Clone(s.bound)
	if bound == nil {
		bound = map[ast.Var]operand{}
	}
	bound[v] = o
	return names{bound, s.vars}
}

// then continues a body where more names are known.
type then func(s names) (sized, error)

// body walks expressions, which must all hold.
func (w *residue) body(s names, exprs []*ast.Expr, at place) (sized, error) {
	if len(exprs) == 0 {
		return all()
	}
	e, rest := exprs[0], func(s names) (sized, error) { return w.body(s, exprs[1:], at) }
	if len(e.With) > 0 {
		return sized{}, refuse("it uses \"with\"")
	}
	if !e.Negated {
		return w.expr(s, e, at, rest)
	}
	n, err := w.body(s, []*ast.Expr{e.Complement()}, inside)
	if err != nil {
		return sized{}, err
	}
	more, err := rest(s)
	if err != nil {
		return sized{}, err
	}
	return all(not(n), more)
}

func (w *residue) expr(s names, e *ast.Expr, at place, rest then) (sized, error) {
	switch terms := e.Terms.(type) {
	case *ast.SomeDecl:
		return rest(s)
	case *ast.Every:
		return w.every(s, terms, rest)
	case *ast.Term:
		return w.resolve(s, terms, func(s names, o operand) (sized, error) {
			n, err := w.truth(s, o)
			return with(s, n, err, rest)
		})
	case []*ast.Term:
		name := terms[0].String()
		switch args := terms[1:]; name {
		case "eq":
			return w.unify(s, args[0], args[1], at, rest)
		case "lower", "upper", "count":
			return w.resolve(s, ast.CallTerm(terms[:2]...), func(s names, o operand) (sized, error) {
				if len(args) == 1 {
					n, err := w.truth(s, o)
					return with(s, n, err, rest)
				}
				return w.same(s, args[1], o, at, rest)
			})
		default:
			return w.call(s, name, args, rest)
		}
	}
	return sized{}, refuse("it has an expression of type %T", e.Terms)
}

// with puts a condition before what follows.
func with(s names, n sized, err error, rest then) (sized, error) {
	if err != nil {
		return sized{}, err
	}
	more, err := rest(s)
	if err != nil {
		return sized{}, err
	}
	return all(n, more)
}

// tests are the builtins that a condition has, of two terms.
var tests = map[string]condition.Op{
	"equal": condition.Equal, "neq": condition.Unequal, "lt": condition.Less, "lte": condition.AtMost, "gt": condition.More, "gte": condition.AtLeast,
	"internal.member_2": condition.In, "contains": condition.Contains, "startswith": condition.HasPrefix, "endswith": condition.HasSuffix,
}

func (w *residue) call(s names, name string, args []*ast.Term, rest then) (sized, error) {
	if name == "regex.match" && len(args) == 2 {
		return w.pattern(s, args, rest)
	}
	op, ok := tests[name]
	if !ok || len(args) != 2 {
		return sized{}, refuse("it calls %s", name)
	}
	return w.resolve(s, args[0], func(s names, a operand) (sized, error) {
		return w.resolve(s, args[1], func(s names, b operand) (sized, error) {
			n, err := w.compare(s, op, a, b)
			return with(s, n, err, rest)
		})
	})
}

func (w *residue) pattern(s names, args []*ast.Term, rest then) (sized, error) {
	text, ok := args[0].Value.(ast.String)
	if !ok {
		return sized{}, refuse("it calls regex.match with a pattern that the resource decides about")
	}
	pattern, err := regexp.Compile(string(text))
	if err != nil {
		return sized{}, refuse("it calls regex.match with %s: %v", args[0], err)
	}
	return w.resolve(s, args[1], func(s names, o operand) (sized, error) {
		if o.term == nil {
			return sized{}, refuse("it calls regex.match of a rule")
		}
		return with(s, sized{condition.Test{Op: condition.Matches, Args: []condition.Term{o.term}, Pattern: pattern}, 1}, nil, rest)
	})
}

// every is a condition on all members of a collection.
func (w *residue) every(s names, e *ast.Every, rest then) (sized, error) {
	return w.resolve(s, e.Domain, func(s names, o operand) (sized, error) {
		if !collection(o.term) {
			return sized{}, refuse("it uses \"every\" on %s", e.Domain)
		}
		n, err := w.each(s, o.term, func(s names, member condition.Var) (sized, error) {
			if v, ok := value[ast.Var](e.Key); ok {
				s = s.with(v, operand{term: condition.Key{Var: member}})
			}
			if v, ok := value[ast.Var](e.Value); ok {
				s = s.with(v, operand{term: condition.Path{Var: member}})
			}
			n, err := w.body(s, e.Body, inside)
			return not(n), err
		})
		if err != nil {
			return sized{}, err
		}
		n, err = all(test(condition.Defined, o.term), not(n))
		return with(s, n, err, rest)
	})
}

func value[T ast.Value](t *ast.Term) (v T, ok bool) {
	if t != nil {
		v, ok = t.Value.(T)
	}
	return v, ok
}

// collection reports whether a term is one whenever it is there.
func collection(t condition.Term) bool {
	if c, ok := t.(condition.Constant); ok {
		return c.Value.Collection()
	}
	path, ok := t.(condition.Path)
	if !ok || path.Var != condition.Whole {
		return false
	}
	switch first := path.Keys[0].String(); first {
	case `"owners"`, `"tags"`, `"labels"`, `"annotations"`, `"relations"`:
		return len(path.Keys) == 1 || first == `"relations"` && len(path.Keys) == 2
	}
	return false
}

// each opens a variable over the members of a collection.
func (w *residue) each(s names, in condition.Term, inner func(s names, member condition.Var) (sized, error)) (sized, error) {
	member := s.vars
	if member >= condition.MaxVars {
		return sized{}, refuse("it looks into more than %d collections at once", condition.MaxVars)
	}
	s.vars++
	n, err := inner(s, member)
	// A collection of a resource has some members, each of which is looked at.
	return sized{condition.Each{Var: member, In: in, Then: n.node}, 1 + 8*n.size}, firstOf(err, large(8*n.size))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
