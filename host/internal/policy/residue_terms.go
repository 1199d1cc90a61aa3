package policy

import (
	"math"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/callboard/callboard/host/internal/condition"
)

// resolved continues with what a term stands for.
type resolved func(s names, o operand) (sized, error)

// resolve finds out what a term stands for. Where it goes through all members
// of a collection, what follows is asked of each.
func (w *residue) resolve(s names, t *ast.Term, next resolved) (sized, error) {
	switch v := t.Value.(type) {
	case ast.Var:
		o, ok := s.bound[v]
		if !ok {
			return sized{}, refuse("it reads %s before it says what that is", t)
		}
		return next(s, o)
	case ast.Ref:
		return w.ref(s, v, next)
	case ast.Call:
		return w.function(s, v, next)
	case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
		return next(s, operand{opaque: true})
	}
	constant, err := constantOf(t)
	if err != nil {
		return sized{}, err
	}
	return next(s, operand{term: condition.Constant{Value: constant}})
}

func constantOf(t *ast.Term) (condition.Value, error) {
	list := func(each func(func(*ast.Term))) (values []condition.Value, err error) {
		each(func(one *ast.Term) {
			v, failed := constantOf(one)
			values, err = append(values, v), firstOf(err, failed)
		})
		return values, err
	}
	switch v := t.Value.(type) {
	case ast.Null:
		return condition.Null(), nil
	case ast.Boolean:
		return condition.Bool(bool(v)), nil
	case ast.String:
		return condition.Text(string(v)), nil
	case ast.Number:
		// Larger ones are not told apart.
		if f, ok := v.Float64(); ok && math.Abs(f) < 1<<53 {
			return condition.Number(f), nil
		}
	case *ast.Array:
		values, err := list(v.Foreach)
		return condition.Array(values...), err
	case ast.Set:
		values, err := list(v.Foreach)
		return condition.Set(values...), err
	}
	return condition.Value{}, refuse("it compares with %s", t)
}

func (w *residue) function(s names, call ast.Call, next resolved) (sized, error) {
	name := call[0].String()
	if (name != "lower" && name != "upper" && name != "count") || len(call) != 2 {
		return sized{}, refuse("it calls %s", name)
	}
	return w.resolve(s, call[1], func(s names, o operand) (sized, error) {
		switch {
		case o.term != nil:
			return next(s, operand{term: condition.Call{Name: name, Arg: o.term}})
		case o.rule != "" && name == "count" && !o.count && len(o.keys) == 0:
			o.count = true
			return next(s, o)
		}
		return sized{}, refuse("it calls %s of %s", name, call[1])
	})
}

// ref resolves a reference: into the resource, into a member of it, or to a
// support rule.
func (w *residue) ref(s names, ref ast.Ref, next resolved) (sized, error) {
	head, ok := ref[0].Value.(ast.Var)
	switch {
	case !ok:
		return sized{}, refuse("it reads %s", ref)
	case ref.HasPrefix(ast.InputRootRef) && len(ref) > 2 && ref[1].Equal(ast.StringTerm("resource")):
		return w.path(s, condition.Path{Var: condition.Whole}, ref[2:], next)
	case ref.HasPrefix(ast.DefaultRootRef):
		for n := len(ref); n > 1; n-- {
			path := ref[:n]
			if path.IsGround() && w.rules[path.String()] != nil {
				return next(s, operand{rule: path.String(), keys: ref[n:]})
			}
		}
		return sized{}, refuse("it reads %s", ref)
	}
	o := s.bound[head]
	switch base := o.term.(type) {
	case condition.Path:
		return w.path(s, base, ref[1:], next)
	case nil:
		if o.rule != "" && !o.count {
			o.keys = append(append([]*ast.Term(nil), o.keys...), ref[1:]...)
			return next(s, o)
		}
	}
	return sized{}, refuse("it reads %s", ref)
}

// path follows keys from a part of the resource.
func (w *residue) path(s names, from condition.Path, keys []*ast.Term, next resolved) (sized, error) {
	for i, k := range keys {
		v, isVar := k.Value.(ast.Var)
		if isVar {
			if _, bound := s.bound[v]; !bound {
				if from.Var == condition.Whole && len(from.Keys) == 0 {
					return sized{}, refuse("it goes through all fields of the resource")
				}
				return w.each(s, from, func(s names, member condition.Var) (sized, error) {
					s = s.with(v, operand{term: condition.Key{Var: member}})
					return w.path(s, condition.Path{Var: member}, keys[i+1:], next)
				})
			}
		}
		var key condition.Term
		if _, err := w.resolve(s, k, func(_ names, o operand) (sized, error) {
			key = o.term
			return sized{}, nil
		}); err != nil {
			return sized{}, err
		}
		if key == nil {
			return sized{}, refuse("it reads a resource at %s", k)
		}
		from.Keys = append(from.Keys[:len(from.Keys):len(from.Keys)], key)
	}
	return next(s, operand{term: from})
}

// unify walks an equation, which may say what a variable stands for.
func (w *residue) unify(s names, a, b *ast.Term, at place, rest then) (sized, error) {
	if w.free(s, a) {
		a, b = b, a
	}
	return w.resolve(s, a, func(s names, o operand) (sized, error) {
		return w.same(s, b, o, at, rest)
	})
}

// free reports whether the term is a variable that stands for nothing yet.
func (w *residue) free(s names, t *ast.Term) bool {
	v, ok := t.Value.(ast.Var)
	if !ok {
		return false
	}
	_, bound := s.bound[v]
	return !bound
}

// same says that a term is an operand.
func (w *residue) same(s names, t *ast.Term, o operand, at place, rest then) (sized, error) {
	if !w.free(s, t) {
		return w.resolve(s, t, func(s names, other operand) (sized, error) {
			n, err := w.equal(s, o, other, at)
			return with(s, n, err, rest)
		})
	}
	v := t.Value.(ast.Var) //nolint:forcetypeassert // it is free
	if len(o.keys) == 1 && w.multiple(o.rule) {
		return w.members(s, v, o, rest)
	}
	n, err := w.defined(s, o)
	return with(s.with(v, o), n, err, rest)
}

// compare makes a test of two operands.
func (w *residue) compare(s names, op condition.Op, a, b operand) (sized, error) {
	if a.term != nil && b.term != nil {
		return test(op, a.term, b.term), nil
	}
	if op == condition.Equal {
		return w.equal(s, a, b, inside)
	}
	if c, ok := b.term.(condition.Constant); ok && a.count {
		some, err := w.occupied(s, a.rule)
		switch string(op) + " " + c.String() {
		case "> 0", ">= 1", "!= 0":
			return some, err
		case "<= 0", "< 1":
			return not(some), err
		}
	}
	return sized{}, refuse("it compares a rule by %s", op)
}

// equal says that two operands are equal.
func (w *residue) equal(s names, a, b operand, at place) (sized, error) {
	if a.term != nil && b.term != nil {
		return test(condition.Equal, a.term, b.term), nil
	}
	if a.term != nil {
		a, b = b, a
	}
	c, ok := b.term.(condition.Constant)
	switch {
	case !ok || a.rule == "":
		return sized{}, refuse("it compares rules with each other")
	case !a.count:
		return w.valued(s, a, at, func(v *ast.Term) (bool, error) {
			is, err := constantOf(v)
			return err == nil && condition.Equal.Holds(is, c.Value), err
		})
	case c.String() == "0":
		some, err := w.occupied(s, a.rule)
		return not(some), err
	}
	return sized{}, refuse("it counts members of a rule up to %s", c)
}
