// Package sandbox is what the runtimes of plugins share: the walls, not the guest.
//
// Owns: the section scanner and its bounds, the memory of instances, fuel and what
// happens at a tick, the little of WASI that guests get, the budget of their
// output, the places where compiles wait, the cache folder of rewritten modules
// and machine code, and what is told of an instance that died.
// Does not own: an ABI, a call, or what a trap means (plugin/wasm, plugin/extism).
// Flow: Load: Scan → Slots → Build: meter → compile. Call: guest → WASI → Guest → Output → log.
package sandbox
