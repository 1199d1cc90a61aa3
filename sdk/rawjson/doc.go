// Package rawjson reads and edits JSON text where it lies, without reflection.
//
// Owns: looking up a path, setting a value at a path, walking arrays and objects, quoting text.
// Does not own: decoding into Go types (encoding/json does that, at ten times the cost in Wasm).
// Flow: bytes of a request body or an entity → Get, Each, Set → bytes.
// It has no dependency, so that guests may import it; it checks what it walks over and nothing behind it.
package rawjson
