// Package payload writes payloads as JSON and back.
//
// Owns: the JSON of payloads: that of the contract's own tags, with bytes as
// base64 and, when read, as text too; and errors that are faults.
// Does not own: the table from operations to types (sdk/payload), or any call.
// Flow: msgpack of the wire ⇄ contract type ⇄ JSON of logs, recordings and the Extism loader.
package payload
