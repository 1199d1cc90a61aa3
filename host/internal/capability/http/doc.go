// Package http is the capability to send requests to other servers.
//
// Owns: http.fetch/1, its scope (targets), which header fields cross in either direction, the
// connections of each plugin, the quota of egress, putting secrets in hop by hop.
// Does not own: reading URLs and matching targets (sdk/outbound), addresses, redirects and caps
// (egress), what a secret may be used for (capability/secret).
// Flow: guest → Session → scope → egress, asking the scope again for each hop → scan → a handle.
package http
