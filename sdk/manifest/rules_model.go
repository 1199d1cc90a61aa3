package manifest

import (
	"strings"

	"github.com/callboard/callboard/sdk/abi"
	"go.yaml.in/yaml/v3"
)

func ruleModel(m *Manifest, at report) {
	declared := map[string]int{}
	for _, k := range m.Model.Kinds {
		if k.Kind != "" && !kindPattern.MatchString(k.Kind) {
			at(k.Line, "kind %q must be 1 to 63 letters and digits, starting with a letter", k.Kind)
		}
		for _, version := range k.APIVersions {
			key := strings.ToLower(k.Kind) + " " + version + " " + k.SpecType
			if first, twice := declared[key]; twice {
				at(k.Line, "kind %s is declared twice for %s; the first is on line %d", k.Kind, version, first)
			}
			declared[key] = k.Line
		}
		ruleSchema("kind "+k.Kind+" schema", k.Schema, k.Line, at)
		for _, r := range k.Relations {
			if !strings.HasPrefix(r.Path, "spec.") && !strings.HasPrefix(r.Path, "metadata.") {
				at(r.Line, "kind %s: relation path %q must read like spec.owner", k.Kind, r.Path)
			}
			for _, name := range []string{r.Type, r.Inverse} {
				if name != "" && !namePattern.MatchString(name) {
					at(r.Line, "kind %s: relation type %q must be letters, digits, . _ : or -", k.Kind, name)
				}
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
