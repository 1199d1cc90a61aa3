package condition

// Simplify returns the same condition without parts that decide nothing, and
// without saying anything twice. What always holds is All{}, what never holds
// is Any{}.
func Simplify(n Node) Node {
	switch n := n.(type) {
	case All:
		return simplifyAll(n)
	case Any:
		return simplifyAny(n)
	case Not:
		return negated(Simplify(n.Node))
	case Test:
		return simplifyTest(n)
	case Each:
		n.Then = Simplify(n.Then)
		if none, ok := n.Then.(Any); ok && len(none) == 0 {
			return Any{}
		}
		return n
	}
	return n
}

func simplifyAll(n All) Node {
	out, decided := flat(n, func(one Node) ([]Node, bool) { all, is := one.(All); return all, is }, func(one Node) bool { none, is := one.(Any); return is && len(none) == 0 })
	switch {
	case decided:
		return Any{}
	case len(out) == 1:
		return out[0]
	}
	return All(out)
}

func simplifyAny(n Any) Node {
	out, decided := flat(n, func(one Node) ([]Node, bool) { any, is := one.(Any); return any, is }, func(one Node) bool { all, is := one.(All); return is && len(all) == 0 })
	switch {
	case decided:
		return All{}
	case len(out) == 1:
		return out[0]
	}
	return Any(out)
}

// flat simplifies nodes, each said once and those of the same sort as theirs
// taken apart, until one decides about all of them.
func flat(nodes []Node, inside func(Node) ([]Node, bool), decides func(Node) bool) (out []Node, decided bool) {
	said := map[string]bool{}
	for _, one := range nodes {
		one = Simplify(one)
		if decides(one) {
			return nil, true
		}
		parts, is := inside(one)
		if !is {
			parts = []Node{one}
		}
		for _, part := range parts {
			if text := part.String(); !said[text] {
				said[text] = true
				out = append(out, part)
			}
		}
	}
	return out, false
}

func negated(n Node) Node {
	switch n := n.(type) {
	case All:
		if len(n) == 0 {
			return Any{}
		}
	case Any:
		if len(n) == 0 {
			return All{}
		}
	case Not:
		return n.Node
	}
	return Not{n}
}

// simplifyTest decides about constants.
func simplifyTest(n Test) Node {
	for _, t := range n.Args {
		if _, constant := t.(Constant); !constant {
			return n
		}
	}
	if Holds(n, &Resource{}) {
		return All{}
	}
	return Any{}
}
