// Package outbound says what a plugin may send to other servers.
//
// Owns: the one reading of a URL, targets and how one narrows another, the header fields that a
// plugin may write, references to secrets. The host decides by it, and so does the fake host.
// Does not own: connections and addresses (the host's egress client), grants (the operator).
// Flow: text → Parse → Target.Covers → CheckHeader → Fill, and the same again for each redirect.
package outbound
