// Package wasm runs plugins that speak ABI v1, on wazero.
//
// Owns: one runtime per plugin version, the imports of ABI v1, and the reading
// of traps.
// Does not own: scanning, memory, WASI and output (sandbox), pools, deadlines,
// breakers (plugin) or what a host call does (capability, behind plugin.Door).
// Flow: Load: scan → compile → link. New: start function. Handle: callboard_in
// → copy in → callboard_handle ⇄ imports → check the reply.
//
// What a guest can still cost, and what bounds it: A loop is interrupted at
// its next turn, because modules are compiled with close-on-context-done; code
// that only calls and never loops is not, until metering replaces it. A guest's
// native call stack may grow to 100 MB before the runtime refuses. Compiling
// cannot be interrupted inside wazero: a compile that overruns its time is
// abandoned, which means that it keeps one core and its memory until it ends
// by itself. It also keeps its compile slot, so that at most Config.Compiles
// of them run at once, and its digest, so that the same module is never
// compiled twice at a time. The scanner's limits keep that end near.
package wasm
