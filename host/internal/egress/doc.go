// Package egress is the only way for the host to make an HTTP request.
//
// Owns: the transport, the check of every resolved address at dial time, the check of every
// redirect hop, dropping credentials across hosts, caps on time, redirects and bytes.
// Does not own: who may reach what (the caller's Policy) or what is done with an answer.
// Flow: source, later capability/http → Egress.Client(Policy) → Do → dial check → capped body.
package egress
