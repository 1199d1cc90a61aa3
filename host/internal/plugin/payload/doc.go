// Package payload knows which contract type every operation carries, and
// writes payloads as JSON and back.
//
// Owns: the table from operations to types, and the JSON of payloads: that of
// the contract's own tags, with bytes as base64 and, when read, as text too.
// Does not own: the types (sdk/contract), the numbers (sdk/abi), or any call.
// Flow: msgpack of the wire ⇄ contract type ⇄ JSON of logs, recordings and the Extism loader.
package payload
