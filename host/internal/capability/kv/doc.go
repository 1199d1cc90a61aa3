// Package kv is the capability to keep values in a namespace of the plugin's own.
//
// Owns: kv.get, get-many, set, delete, scan, batch, usage; their limits; the scope, which is a quota in bytes.
// Does not own: rows and atomicity (store.KV).
// Flow: guest → Session → limits → store under the installation id, so that nobody reads another's keys.
package kv
