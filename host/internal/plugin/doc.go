// Package plugin runs plugins: registry, life cycle, instance pools, and the
// one function through which every call enters a guest (Registry.Call).
//
// Owns: which versions of a plugin are loaded in which state, swaps, canaries,
// the way back and the kill switch, deadlines, limits, pooling, the breaker,
// per-plugin metrics, the mapping of guest errors to faults. Below it: pace
// (who may compute), usage (figures of a day).
// Does not own: the runtime (plugin/wasm), powers (capability), HTTP (web).
// Flow: web or catalog → Call → slot of the id → version → pool → Instance.Handle ⇄ Session (capability) → Reply.
package plugin
