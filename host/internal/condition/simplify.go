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
	var out All
	said := map[string]bool{}
	add := func(one Node) {
		if text := one.String(); !said[text] {
			said[text] = true
			out = append(out, one)
		}
	}
	for _, one := range n {
		switch one := Simplify(one).(type) {
		case All:
			for _, inner := range one {
				add(inner)
			}
		case Any:
			if len(one) == 0 {
				return Any{}
			}
			add(one)
		default:
			add(one)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func simplifyAny(n Any) Node {
	var out Any
	said := map[string]bool{}
	add := func(one Node) {
		if text := one.String(); !said[text] {
			said[text] = true
			out = append(out, one)
		}
	}
	for _, one := range n {
		switch one := Simplify(one).(type) {
		case Any:
			for _, inner := range one {
				add(inner)
			}
		case All:
			if len(one) == 0 {
				return All{}
			}
			add(one)
		default:
			add(one)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
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
