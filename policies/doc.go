// Package policies holds the policy bundle that travels inside the binary, in Rego.
//
// Owns: who may do what when an installation brings no policy of its own, and the tests of that.
// Does not own: evaluation. Nothing in the host evaluates these files yet; that starts with the identity-and-policy work.
// Flow: {principal, actor, permission, resource} → data.callboard.authz.decision → {effect, reason}; `make test-rego` runs the tests.
package policies
