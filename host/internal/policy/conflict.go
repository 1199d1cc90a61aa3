package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// conflictOf says where rules of a policy may give one thing two values, which
// is an error in Rego. Partial evaluation loses errors below a negation, and
// what is negated then holds: every rule of deny would be gone. So of a policy
// in which that can happen no condition is made. The decision itself may have
// two values: nothing negates it.
func conflictOf(c *ast.Compiler) string {
	values := map[string]*ast.Term{}
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		found := ""
		ast.WalkTerms(c.Modules[name], func(t *ast.Term) bool {
			if _, is := t.Value.(*ast.ObjectComprehension); is && found == "" {
				found = fmt.Sprintf("the object made at %s may have a key twice", t.Location)
			}
			return false
		})
		if found != "" {
			return found
		}
		for _, r := range c.Modules[name].Rules {
			path := r.Module.Package.Path.Extend(r.Head.Ref().GroundPrefix()).String()
			switch {
			case !r.Head.Ref().IsGround() || r.Head.Key != nil && r.Head.Value != nil:
				return fmt.Sprintf("%s at %s may have two values for a key", path, r.Location)
			case r.Head.RuleKind() == ast.MultiValue || r.Default || path == entrypoint:
				continue
			}
			was, twice := values[path]
			for chain := r; chain != nil; chain = chain.Else {
				if twice && (!was.IsGround() || !was.Equal(chain.Head.Value)) {
					return fmt.Sprintf("%s at %s may have two values", path, r.Location)
				}
			}
			if values[path] = r.Head.Value; r.Else != nil {
				values[path] = ast.VarTerm("several") // equal to nothing that follows
			}
		}
	}
	return ""
}
