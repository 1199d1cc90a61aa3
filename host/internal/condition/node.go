package condition

import (
	"fmt"
	"regexp"
	"strings"
)

// Node is a condition: a tree of All, Any, Not, Each and Test.
type Node interface {
	holds(e *scope) bool
	// String is the condition as a reader of Rego would write it.
	String() string
}

// All holds when every node does. Without any it always holds.
type All []Node

// Any holds when one node does. Without any it never holds.
type Any []Node

// Not holds when the node does not.
type Not struct{ Node Node }

// Each holds when Then does for one member of the collection In, which Then
// refers to by Var. When In is absent, or no collection, it does not hold.
type Each struct {
	Var  Var
	In   Term
	Then Node
}

// Var is a member that an Each looks at, by number: 0 to MaxVars-1.
type Var int

// MaxVars is how many variables a condition may have.
const MaxVars = 8

// Test compares terms. When one of them is absent it does not hold.
type Test struct {
	Op   Op
	Args []Term
	// Pattern is what Matches looks for.
	Pattern *regexp.Regexp
}

// Op is what a Test does.
type Op string

// The operations, named as Rego's builtins are. All take two terms but
// Defined, True and Matches, which take one.
const (
	Defined   Op = "defined"
	True      Op = "true" // defined, and not false
	Equal     Op = "=="
	Unequal   Op = "!="
	Less      Op = "<"
	AtMost    Op = "<="
	More      Op = ">"
	AtLeast   Op = ">="
	In        Op = "in" // the second has the first
	Contains  Op = "contains"
	HasPrefix Op = "startswith"
	HasSuffix Op = "endswith"
	Matches   Op = "regex.match"
)

// Term is a value that a Test compares: a Constant, a Path, the Key of a
// variable, or a Call.
type Term interface {
	value(e *scope) (Value, bool)
	String() string
}

// Constant is a value that the policy names.
type Constant struct{ Value Value }

// Path is a part of the resource, or of a member that an Each looks at.
type Path struct {
	Var  Var // Whole for the resource
	Keys []Term
}

// Whole as the variable of a Path is the resource itself.
const Whole Var = -1

// Key is under which key a member is in its collection.
type Key struct{ Var Var }

// Call is a function of one term: "lower", "upper" or "count".
type Call struct {
	Name string
	Arg  Term
}

// scope is one resource while it is looked at.
type scope struct {
	resource *Resource
	keys     [MaxVars]Value
	members  [MaxVars]Value
	left     int // members that may still be looked at
}

// maxVisits is how many members of collections are looked at for one resource.
// A descriptor may have thousands of tags, and a condition ask for pairs of them.
const maxVisits = 100_000

// Holds reports whether the condition holds for the resource. What takes too
// many looks does not hold.
func Holds(n Node, r *Resource) bool {
	e := &scope{resource: r, left: maxVisits}
	return n.holds(e) && e.left > 0
}

func (n All) holds(e *scope) bool {
	for _, one := range n {
		if !one.holds(e) {
			return false
		}
	}
	return true
}

func (n Any) holds(e *scope) bool {
	for _, one := range n {
		if one.holds(e) {
			return true
		}
	}
	return false
}

func (n Not) holds(e *scope) bool { return !n.Node.holds(e) }

func (n Each) holds(e *scope) bool {
	in, ok := n.In.value(e)
	return ok && in.each(func(key, member Value) bool {
		if e.left--; e.left <= 0 {
			return true // ends the look; the condition does not hold
		}
		e.keys[n.Var], e.members[n.Var] = key, member
		return n.Then.holds(e)
	})
}

func (n Test) holds(e *scope) bool {
	a, ok := n.Args[0].value(e)
	if !ok {
		return false
	}
	switch n.Op {
	case Defined:
		return true
	case True:
		return a.truth()
	case Matches:
		return a.kind == textual && n.Pattern.MatchString(a.text)
	}
	b, ok := n.Args[1].value(e)
	return ok && n.Op.Holds(a, b)
}

// Holds compares two values.
func (o Op) Holds(a, b Value) bool {
	bothTexts := a.kind == textual && b.kind == textual
	switch o {
	case Equal:
		return compare(a, b) == 0
	case Unequal:
		return compare(a, b) != 0
	case Less:
		return compare(a, b) < 0
	case AtMost:
		return compare(a, b) <= 0
	case More:
		return compare(a, b) > 0
	case AtLeast:
		return compare(a, b) >= 0
	case In:
		return b.has(a)
	case Contains:
		return bothTexts && strings.Contains(a.text, b.text)
	case HasPrefix:
		return bothTexts && strings.HasPrefix(a.text, b.text)
	case HasSuffix:
		return bothTexts && strings.HasSuffix(a.text, b.text)
	}
	return false
}

func (t Constant) value(*scope) (Value, bool) { return t.Value, true }

func (t Key) value(e *scope) (Value, bool) { return e.keys[t.Var], true }

func (t Path) value(e *scope) (v Value, ok bool) {
	keys := t.Keys
	if t.Var == Whole {
		if len(keys) == 0 {
			return Value{}, false
		}
		name, ok := keys[0].value(e)
		if !ok || name.kind != textual {
			return Value{}, false
		}
		if v, ok = e.resource.field(name.text); !ok {
			return Value{}, false
		}
		keys = keys[1:]
	} else {
		v = e.members[t.Var]
	}
	for _, k := range keys {
		key, ok := k.value(e)
		if !ok {
			return Value{}, false
		}
		if v, ok = v.at(key); !ok {
			return Value{}, false
		}
	}
	return v, true
}

func (t Call) value(e *scope) (Value, bool) {
	v, ok := t.Arg.value(e)
	if !ok {
		return Value{}, false
	}
	switch {
	case t.Name == "count":
		return v.count()
	case v.kind != textual:
		return Value{}, false
	case t.Name == "lower":
		return Text(strings.ToLower(v.text)), true
	case t.Name == "upper":
		return Text(strings.ToUpper(v.text)), true
	}
	return Value{}, false
}

func joined[T fmt.Stringer](all []T, by string) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = one.String()
	}
	return strings.Join(texts, by)
}

func (n All) String() string {
	switch len(n) {
	case 0:
		return "always"
	case 1:
		return n[0].String()
	}
	return "(" + joined(n, " and ") + ")"
}

func (n Any) String() string {
	switch len(n) {
	case 0:
		return "never"
	case 1:
		return n[0].String()
	}
	return "(" + joined(n, " or ") + ")"
}

func (n Not) String() string { return "not " + n.Node.String() }

func (n Each) String() string {
	return fmt.Sprintf("(some x%d in %s: %s)", n.Var, n.In, n.Then)
}

func (n Test) String() string {
	switch n.Op {
	case Defined, True:
		return string(n.Op) + "(" + n.Args[0].String() + ")"
	case Matches:
		return fmt.Sprintf("%s(%q, %s)", n.Op, n.Pattern, n.Args[0])
	case Contains, HasPrefix, HasSuffix:
		return fmt.Sprintf("%s(%s, %s)", n.Op, n.Args[0], n.Args[1])
	}
	return fmt.Sprintf("%s %s %s", n.Args[0], n.Op, n.Args[1])
}

func (t Constant) String() string { return t.Value.String() }

func (t Key) String() string { return fmt.Sprintf("key(x%d)", t.Var) }

var plain = regexp.MustCompile(`^[A-Za-z]+$`)

func (t Path) String() string {
	var b strings.Builder
	b.WriteString("resource")
	if t.Var != Whole {
		b.Reset()
		fmt.Fprintf(&b, "x%d", t.Var)
	}
	for _, k := range t.Keys {
		// Labels may have dots; two paths must not look the same.
		if c, ok := k.(Constant); ok && c.Value.kind == textual && plain.MatchString(c.Value.text) {
			b.WriteString("." + c.Value.text)
		} else {
			fmt.Fprintf(&b, "[%s]", k)
		}
	}
	return b.String()
}

func (t Call) String() string { return t.Name + "(" + t.Arg.String() + ")" }
