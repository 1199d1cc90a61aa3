package manifest

import (
	"strings"

	"github.com/callboard/callboard/sdk/abi"
	"go.yaml.in/yaml/v3"
)

func ruleModel(m *Manifest, at report) {
	kinds := map[string]int{}
	for _, k := range m.Model.Kinds {
		lower := strings.ToLower(k.Kind)
		first, twice := kinds[lower]
		switch {
		case k.Kind == "":
		case twice:
			at(k.Line, "kind %s is declared twice; the first is on line %d", k.Kind, first)
		case !kindPattern.MatchString(k.Kind):
			at(k.Line, "kind %q must be 1 to 63 letters and digits, starting with a letter", k.Kind)
		}
		kinds[lower] = k.Line
		ruleSchema("kind "+k.Kind+" schema", k.Schema, k.Line, at)
		ruleRelations(k.Kind, k.Relations, at)
		variants := map[string]bool{}
		for _, v := range k.Variants {
			if variants[v.Type] {
				at(v.Line, "kind %s has two variants of type %q", k.Kind, v.Type)
			}
			variants[v.Type] = true
			ruleSchema("kind "+k.Kind+" variant "+v.Type+" schema", v.Schema, v.Line, at)
			ruleRelations(k.Kind, v.Relations, at)
		}
	}
}

func ruleRelations(kind string, fields []RelationField, at report) {
	for _, r := range fields {
		if !strings.HasPrefix(r.Field, "spec.") && !strings.HasPrefix(r.Field, "metadata.") {
			at(r.Line, "kind %s: relation field %q must be a path such as spec.owner", kind, r.Field)
		}
		for _, name := range []string{r.Type, r.Inverse} {
			if name != "" && !namePattern.MatchString(name) {
				at(r.Line, "kind %s: relation type %q must be letters, digits, . _ : or -", kind, name)
			}
		}
	}
}

// lineOf finds the line of a key at the top of the manifest.
func lineOf(root *yaml.Node, key string) int {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == key {
			return root.Content[i].Line
		}
	}
	return root.Line
}

func capabilityNames() map[string]bool {
	out := map[string]bool{}
	for c := abi.CapCatalog; c.String() != "unknown"; c++ {
		out[c.String()] = true
	}
	return out
}

func knownOp(name string) bool {
	for op := abi.OpDescribe; op.String() != "unknown"; op++ {
		if op.String() == name {
			return true
		}
	}
	return false
}
