package entity

import (
	"fmt"
	"strings"
)

// DefaultNamespace is the namespace of a ref that names none.
const DefaultNamespace = "default"

// Ref names one entity. Comparison is case-insensitive: two refs are the same
// entity when their String is equal.
type Ref struct {
	Kind      string
	Namespace string
	Name      string
}

// String returns the canonical form kind:namespace/name, lower-cased.
func (r Ref) String() string {
	return fold(r.Kind + ":" + r.Namespace + "/" + r.Name)
}

// fold lower-cases ASCII and leaves everything else alone: kinds, namespaces
// and names are ASCII, and Unicode folding would let "team-\u212A" (a Kelvin
// sign) pass for "team-k".
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// ParseRef reads "[kind:][namespace/]name", as Backstage writes refs. Missing
// parts come from the defaults; a ref whose kind is in neither is an error.
// The parts keep their case and are not checked against the format rules: a
// ref may name what cannot exist.
func ParseRef(s, defaultKind, defaultNamespace string) (Ref, error) {
	ref := Ref{Kind: defaultKind, Namespace: defaultNamespace, Name: s}
	if ref.Namespace == "" {
		ref.Namespace = DefaultNamespace
	}
	// A colon after the first slash belongs to the name.
	colon, slash := strings.IndexByte(s, ':'), strings.IndexByte(s, '/')
	if slash >= 0 && slash < colon {
		colon = -1
	}
	if colon >= 0 {
		ref.Kind, ref.Name = s[:colon], s[colon+1:]
		if ref.Kind == "" {
			return Ref{}, fmt.Errorf("entity ref %q has an empty kind; write [kind:][namespace/]name", s)
		}
	}
	if slash >= 0 {
		ref.Namespace, ref.Name = s[colon+1:slash], s[slash+1:]
		if ref.Namespace == "" {
			return Ref{}, fmt.Errorf("entity ref %q has an empty namespace; write [kind:][namespace/]name", s)
		}
	}
	switch {
	case ref.Name == "":
		return Ref{}, fmt.Errorf("entity ref %q has no name; write [kind:][namespace/]name", s)
	case ref.Kind == "":
		return Ref{}, fmt.Errorf("entity ref %q names no kind; write kind:namespace/name", s)
	}
	return ref, nil
}
