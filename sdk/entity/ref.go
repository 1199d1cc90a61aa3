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
	return strings.ToLower(r.Kind + ":" + r.Namespace + "/" + r.Name)
}

// ParseRef reads "[kind:][namespace/]name", as Backstage writes refs. Missing
// parts come from the defaults; a ref whose kind is in neither is an error.
// The parts keep their case.
func ParseRef(s, defaultKind, defaultNamespace string) (Ref, error) {
	rest := strings.TrimSpace(s)
	ref := Ref{Kind: defaultKind, Namespace: defaultNamespace}
	if ref.Namespace == "" {
		ref.Namespace = DefaultNamespace
	}
	colon, slash := strings.IndexByte(rest, ':'), strings.IndexByte(rest, '/')
	if colon >= 0 && (slash < 0 || colon < slash) {
		ref.Kind, rest = rest[:colon], rest[colon+1:]
		slash = strings.IndexByte(rest, '/')
		if ref.Kind == "" {
			return Ref{}, fmt.Errorf("entity ref %q has an empty kind", s)
		}
	}
	if slash >= 0 {
		ref.Namespace, rest = rest[:slash], rest[slash+1:]
		if ref.Namespace == "" {
			return Ref{}, fmt.Errorf("entity ref %q has an empty namespace", s)
		}
	}
	ref.Name = rest
	switch {
	case ref.Name == "":
		return Ref{}, fmt.Errorf("entity ref %q has no name", s)
	case ref.Kind == "":
		return Ref{}, fmt.Errorf("entity ref %q names no kind; write kind:namespace/name", s)
	}
	return ref, nil
}
