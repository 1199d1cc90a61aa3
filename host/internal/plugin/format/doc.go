// Package format reads the binary format of WebAssembly 2.0, as far as more
// than one part needs it.
//
// Owns: the reader of numbers, names, vectors and constant expressions; the ids
// of sections and kinds.
// Does not own: what a module may contain (plugin/sandbox), instructions (plugin/meter).
// Flow: bytes → Reader → the scanner of plugin/sandbox, the pass of plugin/meter.
package format
