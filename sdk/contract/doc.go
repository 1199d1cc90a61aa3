// Package contract holds the types that cross between host and guest.
//
// Owns: the payload of every operation and capability call, once, for both sides.
// Does not own: headers and numbers (sdk/abi) or what the calls mean (host services).
// Flow: Go struct → generated msgpack on the wire; the same struct as JSON in logs, replay files and golden tests.
// Fields are only ever added; msgp ignores what it does not know. The limits of
// lists bound what a hostile header can make the reader allocate before it has seen an element.
package contract
