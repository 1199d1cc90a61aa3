// Package abi is the binary interface between the host and a guest, version 1.
//
// Owns: numbers (operations, capabilities, error codes) and the fixed headers.
// Does not own: the payloads behind the headers (sdk/contract) or how memory moves.
// Flow: host writes CallHeader+payload → callboard_handle → guest writes ReplyHeader+payload.
// README.md documents it for other languages; testdata holds golden vectors.
package abi
