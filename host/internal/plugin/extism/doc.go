// Package extism runs plugins of Extism's kits. It is the only importer of
// Extism's host SDK.
//
// Owns: the JSON that such plugins speak, the functions of extism:host/env and
// the one of extism:host/user, the guard over the kernel's memory.
// Does not own: scanning, WASI, memory, output (sandbox), pools, deadlines and
// breakers (plugin), or what a host call does (capability, behind plugin.Door).
// Flow: Load: Scan → meter → relink → compile. Handle: header and msgpack →
// JSON envelope → guest ⇄ env, callboard_call → JSON → header and msgpack.
//
// What is switched off, and how: no function of the SDK is reachable from a
// guest. Its imports of extism:host/env are renamed to a module of ours before
// it is compiled, so http_request (whose client follows redirects out of its
// list of hosts), variables (a store beside kv, without its quota) and the
// SDK's logger (whose level is one for the process) are never linked. The
// kernel keeps its books in the memory that guests write to and trusts what it
// finds there: a guest that writes over a block's length makes it walk in
// circles, where nothing can stop it. So the host remembers which blocks a
// guest was given and lets it touch these alone.
package extism
