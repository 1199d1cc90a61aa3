// Package sandbox is what the runtimes of plugins share: the walls, not the guest.
//
// Owns: the section scanner and its bounds, the memory of instances, the little
// of WASI that guests get, the budget of their output, the places where compiles
// wait, and the cache folder of machine code.
// Does not own: an ABI, a call, or what a trap means (plugin/wasm, plugin/extism).
// Flow: Load: Scan → Slots → compile. Call: guest → WASI → Guest → Output → log.
package sandbox
