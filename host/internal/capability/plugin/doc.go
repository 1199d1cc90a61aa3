// Package plugin is the capability to call the routes of another plugin.
//
// Owns: plugin.call/1, its scope (which plugin, methods, path prefix, for itself), what of a
// request and of an answer crosses. Does not own: the path's depth and re-entry (host/internal/plugin),
// whose rights the callee gets (the gate narrows them to those of every plugin on the path).
// Flow: guest → Session → scope → Peers (app: routes, registry) → the answer's pieces behind a handle.
package plugin
