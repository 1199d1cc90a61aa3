package entity_test

import (
	"testing"

	"github.com/callboard/callboard/sdk/entity"
)

// The cases and their answers are those of @backstage/catalog-model 1.10.
func TestParseRefAcceptsWhatBackstageAccepts(t *testing.T) {
	for _, tc := range []struct {
		name        string
		ref         string
		kind, space string // defaults
		want        entity.Ref
		refused     bool
	}{
		{name: "full", ref: "component:default/pay", want: entity.Ref{Kind: "component", Namespace: "default", Name: "pay"}},
		{name: "no namespace", ref: "API:pay", want: entity.Ref{Kind: "API", Namespace: "default", Name: "pay"}},
		{name: "inherited namespace", ref: "API:pay", space: "emea", want: entity.Ref{Kind: "API", Namespace: "emea", Name: "pay"}},
		{name: "default kind", ref: "emea/pay", kind: "Group", want: entity.Ref{Kind: "Group", Namespace: "emea", Name: "pay"}},
		{name: "name alone", ref: "pay", kind: "Group", want: entity.Ref{Kind: "Group", Namespace: "default", Name: "pay"}},
		{name: "kind wins over its default", ref: "user:pay", kind: "Group", want: entity.Ref{Kind: "user", Namespace: "default", Name: "pay"}},
		{name: "colon after the slash is the name's", ref: "a/b:c", kind: "Group", want: entity.Ref{Kind: "Group", Namespace: "a", Name: "b:c"}},
		{name: "second colon", ref: "a:b:c/d", want: entity.Ref{Kind: "a", Namespace: "b:c", Name: "d"}},
		{name: "second slash", ref: "a:b/c/d", want: entity.Ref{Kind: "a", Namespace: "b", Name: "c/d"}},
		{name: "spaces stay", ref: " a : b / c ", want: entity.Ref{Kind: " a ", Namespace: " b ", Name: " c "}},
		{name: "no kind anywhere", ref: "pay", refused: true},
		{name: "empty", ref: "", kind: "Group", refused: true},
		{name: "empty kind", ref: ":pay", kind: "Group", refused: true},
		{name: "empty namespace", ref: "/pay", kind: "Group", refused: true},
		{name: "empty namespace after a kind", ref: "group:/pay", refused: true},
		{name: "empty name", ref: "group:", refused: true},
		{name: "empty name after a namespace", ref: "group:default/", refused: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := entity.ParseRef(tc.ref, tc.kind, tc.space)
			if (err != nil) != tc.refused {
				t.Fatalf("ParseRef(%q) = %v, %v; refused = %v", tc.ref, got, err, tc.refused)
			}
			if got != tc.want {
				t.Errorf("ParseRef(%q) = %+v, want %+v", tc.ref, got, tc.want)
			}
		})
	}
}

func TestRefStringFoldsASCIIOnly(t *testing.T) {
	for _, tc := range []struct {
		name string
		ref  entity.Ref
		want string
	}{
		{"lower already", entity.Ref{Kind: "api", Namespace: "default", Name: "pay"}, "api:default/pay"},
		{"mixed", entity.Ref{Kind: "API", Namespace: "Default", Name: "Pay.V2"}, "api:default/pay.v2"},
		{"a look-alike stays apart", entity.Ref{Kind: "group", Namespace: "default", Name: "team-\u212A"}, "group:default/team-\u212a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.ref.String(); got != tc.want {
				t.Errorf("String = %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"component:default/pay", "a:b:c/d", ":", "/", "a/b:c"} {
		f.Add(s, "Group", "ns")
	}
	f.Fuzz(func(t *testing.T, s, kind, namespace string) {
		ref, err := entity.ParseRef(s, kind, namespace)
		if err != nil {
			return
		}
		if ref.Kind == "" || ref.Namespace == "" || ref.Name == "" {
			t.Fatalf("ParseRef(%q, %q, %q) = %+v", s, kind, namespace, ref)
		}
		// Parts from the defaults may hold separators; the text alone may not.
		if again, err := entity.ParseRef(s, ref.Kind, ref.Namespace); err != nil || again != ref {
			t.Fatalf("parsing %q again: %+v, %v; want %+v", s, again, err, ref)
		}
	})
}
