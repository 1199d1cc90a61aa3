// Package sdk is what a plugin author imports.
//
// Owns: registering routes, processors and health; requests and responses; typed
// clients of the capabilities; errors that carry a code; the guest's side of the ABI.
// Does not own: the wire (abi, contract), plugin.yaml (manifest), tests (sdktest), net/http (nethttp), slog (sdklog).
// Flow: host → callboard_handle → Guest.Handle → your handler → Viewer(ctx) or Own(ctx) → call → host.
// A handler that panics ends its instance: the panic is in the log, and the host starts a fresh one.
package sdk
