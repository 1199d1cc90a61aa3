// Package policy decides what principals may do, by Rego.
//
// Owns: reading, testing and compiling a policy bundle, what it may call, decisions about one resource, the conditions that a
// decision comes to for a resource that is not known yet, and asking about everybody on the path of a call (Guard).
// Does not own: who a principal is (authn, principal), what a plugin was granted (capability), evaluating conditions
// (condition), where a condition is used (catalog/index).
// Flow: bundle → Compile → Engine → Guard; question → Decide → decision; question without its resource → Condition → a tree.
package policy
