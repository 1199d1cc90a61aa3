package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/callboard/callboard/host/internal/condition"
)

// multiple reports whether a support rule is a set.
func (w *residue) multiple(path string) bool {
	rules := w.rules[path]
	return len(rules) > 0 && rules[0].Head.RuleKind() == ast.MultiValue
}

// solid refuses rules that the walk does not know: functions, objects that
// are made of several rules, and sets with what is not a set.
func (w *residue) solid(path string) error {
	for _, r := range w.rules[path] {
		if len(r.Head.Args) > 0 || (r.Head.RuleKind() == ast.MultiValue) != w.multiple(path) || !r.Head.Ref().IsGround() {
			return refuse("it uses %s, which is neither one value nor a set", path)
		}
	}
	return nil
}

// inner are the names that a rule begins with: none, beside the variables that
// a condition around it has in use.
func (s names) inner() names { return names{vars: s.vars} }

// truth says that an operand is defined and not false.
func (w *residue) truth(s names, o operand) (sized, error) {
	switch {
	case o.term != nil:
		return test(condition.True, o.term), nil
	case o.opaque || o.count:
		return all()
	case w.multiple(o.rule) && len(o.keys) > 0:
		for _, r := range w.rules[o.rule] {
			if r.Head.Key.Equal(ast.BooleanTerm(false)) {
				return sized{}, refuse("%s has the member false", o.rule)
			}
		}
		return w.members(s, "", o, func(names) (sized, error) { return all() })
	case w.multiple(o.rule):
		return all() // a set, if without members
	}
	return w.valued(s, o, inside, func(v *ast.Term) (bool, error) {
		if !v.IsGround() {
			return false, refuse("it asks whether %s is false", o.rule)
		}
		return !v.Equal(ast.BooleanTerm(false)), nil
	})
}

// defined says that an operand has a value.
func (w *residue) defined(s names, o operand) (sized, error) {
	switch t := o.term.(type) {
	case condition.Path:
		if t.Var != condition.Whole && len(t.Keys) == 0 {
			return all() // a member
		}
		return test(condition.Defined, t), nil
	case condition.Call:
		return test(condition.Defined, t), nil
	case condition.Constant, condition.Key:
		return all()
	}
	if o.opaque || o.count || w.multiple(o.rule) && len(o.keys) == 0 {
		return all()
	}
	if w.multiple(o.rule) {
		return w.truth(s, o)
	}
	return w.valued(s, o, inside, func(*ast.Term) (bool, error) { return true, nil })
}

// occupied says that a set has a member.
func (w *residue) occupied(s names, path string) (sized, error) {
	if !w.multiple(path) {
		return sized{}, refuse("it counts %s, which is no set", path)
	}
	if err := w.solid(path); err != nil {
		return sized{}, err
	}
	var any []sized
	for _, r := range w.rules[path] {
		n, err := w.body(s.inner(), r.Body, inside)
		if err != nil {
			return sized{}, err
		}
		any = append(any, n)
	}
	return either(any)
}

// members goes through the members of a set that fit the operand's one key; v
// is what a member is called from there on, or empty.
func (w *residue) members(s names, v ast.Var, o operand, rest then) (sized, error) {
	if err := w.solid(o.rule); err != nil {
		return sized{}, err
	}
	if len(o.keys) != 1 {
		return sized{}, refuse("it reads into members of %s", o.rule)
	}
	free := w.free(s, o.keys[0])
	var any []sized
	for _, r := range w.rules[o.rule] {
		constant, err := constantOf(r.Head.Key)
		if err != nil {
			return sized{}, err
		}
		is, at, fits := operand{term: condition.Constant{Value: constant}}, s, sized{condition.All{}, 1}
		if free {
			at = at.with(o.keys[0].Value.(ast.Var), is) //nolint:forcetypeassert // it is free
		} else if fits, err = w.resolve(s, o.keys[0], func(s names, wanted operand) (sized, error) {
			return w.equal(s, wanted, is, inside)
		}); err != nil {
			return sized{}, err
		}
		if v != "" {
			at = at.with(v, is)
		}
		body, err := w.body(s.inner(), r.Body, inside)
		if err != nil {
			return sized{}, err
		}
		more, err := rest(at)
		if err != nil {
			return sized{}, err
		}
		n, err := all(fits, body, more)
		if err != nil {
			return sized{}, err
		}
		any = append(any, n)
	}
	return either(any)
}

// option is one way in which a rule gets a value. Those of one chain of "else"
// exclude each other.
type option struct {
	chain  int
	when   sized
	value  *ast.Term
	wanted bool
}

// valued says that a rule of one value has one that is wanted.
func (w *residue) valued(s names, o operand, at place, wanted func(*ast.Term) (bool, error)) (sized, error) {
	if err := w.solid(o.rule); err != nil {
		return sized{}, err
	}
	if w.multiple(o.rule) {
		return sized{}, refuse("it reads the set %s as one value", o.rule)
	}
	options, otherwise, err := w.options(s, o.rule)
	if err != nil {
		return sized{}, err
	}
	var yes, no, ever []sized
	for i := range options {
		one := &options[i]
		if one.wanted, err = wants(one.value, o.keys, wanted); err != nil {
			return sized{}, err
		}
		if ever = append(ever, one.when); one.wanted {
			yes = append(yes, one.when)
		} else {
			no = append(no, one.when)
		}
	}
	out, err := either(yes)
	if err != nil {
		return sized{}, err
	}
	// Two values at once are an error, which denies: that can be said where the
	// rule is the question itself, and nowhere else.
	if clash, certain := clashes(options); clash && (at == inside || !certain) {
		return sized{}, refuse("%s may have several values at once; give it one, or make it a set", o.rule)
	} else if clash {
		never, err := either(no)
		if err != nil {
			return sized{}, err
		}
		if out, err = all(out, not(never)); err != nil {
			return sized{}, err
		}
	}
	if otherwise == nil {
		return out, nil
	}
	if is, err := wants(otherwise, o.keys, wanted); err != nil || !is {
		return out, err
	}
	some, err := either(ever)
	if err != nil {
		return sized{}, err
	}
	return either([]sized{out, not(some)})
}

// options are all ways in which a rule gets a value, and the value that it has
// otherwise, nil for none.
func (w *residue) options(s names, path string) (out []option, otherwise *ast.Term, err error) {
	for chain, r := range w.rules[path] {
		if r.Default {
			otherwise = r.Head.Value
			continue
		}
		before := sized{condition.All{}, 1}
		for ; r != nil; r = r.Else {
			body, err := w.body(s.inner(), r.Body, inside)
			if err != nil {
				return nil, nil, err
			}
			when, err := all(before, body)
			if err != nil {
				return nil, nil, err
			}
			out = append(out, option{chain: chain, when: when, value: r.Head.Value})
			if before, err = all(before, not(body)); err != nil {
				return nil, nil, err
			}
		}
	}
	return out, otherwise, nil
}

// clashes reports whether two options may give different values at once.
// It is certain when that is so exactly for one that is wanted with one that
// is not.
func clashes(options []option) (clash, certain bool) {
	certain = true
	for i, a := range options {
		for _, b := range options[:i] {
			switch {
			case a.chain == b.chain || a.value.IsGround() && a.value.Equal(b.value):
			case a.wanted == b.wanted && a.wanted:
				return true, false
			default:
				clash = true
			}
		}
	}
	return clash, certain
}

// wants reports whether what a value has under the keys is wanted.
func wants(v *ast.Term, keys []*ast.Term, wanted func(*ast.Term) (bool, error)) (bool, error) {
	for _, k := range keys {
		object, ok := v.Value.(ast.Object)
		switch {
		case !ok && v.IsGround():
			return false, nil
		case !ok || !k.IsGround():
			return false, refuse("it reads %s of %s", k, v)
		}
		// A key that the resource decides about may be the one that is asked for.
		var open error
		object.Foreach(func(key, _ *ast.Term) {
			_, err := constantOf(key)
			open = firstOf(open, err)
		})
		if open != nil {
			return false, open
		}
		if v = object.Get(k); v == nil {
			return false, nil
		}
	}
	return wanted(v)
}
