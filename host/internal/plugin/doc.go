// Package plugin runs plugins: registry, life cycle, instance pools, and the
// one function through which every call enters a guest (Registry.Call).
//
// Owns: which plugin is loaded in which version and state, deadlines, limits,
// pooling, the breaker, per-plugin metrics, the mapping of guest errors to faults.
// Does not own: the runtime (plugin/wasm), powers (capability), HTTP (web).
// Flow: web or catalog → Call → pool → Instance.Handle ⇄ Session (capability) → Reply.
package plugin
