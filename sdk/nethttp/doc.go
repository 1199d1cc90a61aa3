// Package nethttp lets plugins use net/http on both sides.
//
// Owns: the adapter from an http.Handler to an sdk.Handler, and an http.RoundTripper over the http capability.
// Does not own: routing (plugin.yaml), egress rules (the host).
// Flow in: sdk.Request → http.Request → your handler → recorder → sdk.Response.
// Flow out: http.Client → Transport → http.fetch/1 → the host's egress client → http.Response.
// It is a package of its own because net/http adds megabytes to a guest.
package nethttp
