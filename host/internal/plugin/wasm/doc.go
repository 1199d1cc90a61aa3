// Package wasm runs plugins that speak ABI v1, on wazero.
//
// Owns: one runtime per plugin version, the imports of ABI v1, and the reading
// of traps.
// Does not own: scanning, metering, fuel, memory, WASI and output (sandbox), pools,
// breakers (plugin) or what a host call does (capability, behind plugin.Door).
// Flow: Load: scan → meter → compile → link. New: start function. Handle: callboard_in
// → copy in → callboard_handle ⇄ imports → check the reply.
//
// What a guest can still cost, and what bounds it: Metered code ticks every
// 4,096 steps at most, which is where deadline, cancellation and fuel end it and
// where it lets others run. A module that the metering pass cannot read is
// compiled with close-on-context-done: slower, without fuel, and interrupted at
// the turns of loops only. A guest's native call stack may grow to 100 MB before the runtime refuses. Compiling
// cannot be interrupted inside wazero: a compile that overruns its time is
// abandoned, which means that it keeps one core and its memory until it ends
// by itself. It also keeps its compile slot, so that at most Config.Compiles
// of them run at once, and its digest, so that the same module is never
// compiled twice at a time. The scanner's limits keep that end near.
package wasm
