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
		ruleRelations("kind "+k.Kind, k.Relations, at)
		ruleDerived("kind "+k.Kind, k.SpecType, k.Defaults, k.Computed, k.Mirrored, at)
	}
	for _, x := range m.Model.Extends {
		what := "extension of " + x.Kind
		if len(x.Schema) > 0 {
			ruleSchema(what+" schema", x.Schema, x.Line, at)
		}
		ruleRelations(what, x.Relations, at)
		ruleDerived(what, x.SpecType, x.Defaults, x.Computed, x.Mirrored, at)
	}
}

func ruleRelations(what string, relations []RelationField, at report) {
	for _, r := range relations {
		if !strings.HasPrefix(r.Path, "spec.") && !strings.HasPrefix(r.Path, "metadata.") {
			at(r.Line, "%s: relation path %q must read like spec.owner", what, r.Path)
		}
		for _, name := range []string{r.Type, r.Inverse} {
			if name != "" && !namePattern.MatchString(name) {
				at(r.Line, "%s: relation type %q must be letters, digits, . _ : or -", what, name)
			}
		}
	}
}

// ruleDerived holds fields that the host fills to the spec. What they read is
// checked where all layers are known, by the host.
func ruleDerived(what, specType string, defaults []DefaultField, computed []ComputedField, mirrored []MirroredField, at report) {
	below := func(path string, line int) {
		if rest, ok := strings.CutPrefix(path, "spec."); !ok || rest == "" {
			at(line, "%s: path %q must read like spec.tier: the host fills no other part of an entity", what, path)
		}
	}
	for _, f := range defaults {
		below(f.Path, f.Line)
	}
	for _, f := range computed {
		below(f.Path, f.Line)
	}
	for _, f := range mirrored {
		below(f.Path, f.Line)
		if specType != "" {
			at(f.Line, "%s: a mirrored field is for all forms of a kind; declare it without specType", what)
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
