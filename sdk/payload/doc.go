// Package payload knows which contract type every operation carries.
//
// Owns: the table from operations, by number and by name, to types.
// Does not own: the types (sdk/contract), the numbers (sdk/abi), or any call.
// Flow: an operation → its types → msgpack of the wire ⇄ JSON of logs, recordings and other kits.
package payload
