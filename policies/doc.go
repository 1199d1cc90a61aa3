// Package policies holds the policy bundle that travels inside the binary, in Rego.
//
// Owns: who may do what when an installation brings no policy of its own, roles as data, and the tests of that.
// Does not own: evaluation (host/internal/policy), who has which role (permission.bindings in the configuration).
// Flow: {principal, permission, resource} → data.callboard.authz.decision → {effect, rules, reason}; `make test-rego` runs the tests.
package policies
