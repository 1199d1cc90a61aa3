// Package replay is the file of one recorded call, and the host that answers from it.
//
// Owns: the format of recordings (docs/plugins/replay.md), reading it with bounds, a door that
// answers a guest from a recording, and the comparison of two runs.
// Does not own: recording and keeping (the host's plugin/record) or running Wasm (the host's runtimes).
// Flow: file → Read → Recording → Door ⇄ guest → Result → Compare → differences.
// Both sides use it: the host verifies with it, sdktest replays against a plugin's Go code.
package replay
