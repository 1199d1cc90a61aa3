// Package record keeps failed calls of plugins so that they can be run again.
//
// Owns: what of a call is noted and when it is worth a file, the redaction of secrets, running a
// recording against a module, and the encrypted files below the data folder.
// Does not own: the format and the answering door (sdk/replay), the runtime (plugin/wasm), routes (web).
// Flow: Gate.Open → session notes door, time, randomness → Instance.Handle fails → Recorder: mask →
// file → run on a fresh instance → reproduced: yes | no.
// Both halves are decorators: Gate of a plugin.Gate, Loader of a plugin.Loader. A call that succeeds
// gives its tape back to a pool and leaves nothing.
package record
