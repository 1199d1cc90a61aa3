// Package egress is the only way for the host to make an HTTP request.
//
// Owns: the transport, the one reading of a URL (sdk/outbound), the check of every resolved address
// at dial time, the check of every redirect hop, dropping credentials across hosts, caps on time,
// redirects, header and body bytes, refusing encodings that were not asked for.
// Does not own: who may reach what (the caller's Policy) or what is done with an answer.
// Flow: source, capability/http → Egress.Client(Policy) → Do → hop: policy → dial check → capped body.
package egress
