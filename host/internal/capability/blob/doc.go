// Package blob is the capability to keep files: content of any size, under keys of the plugin's own.
//
// Owns: blob.put, get, stat, list, delete; their limits; the scope, which is prefixes and a quota in bytes.
// Does not own: rows and content (host/internal/blob).
// Flow: guest → Session → scope, limits → blob.Store under the installation id. get answers a handle that is read when it is used.
package blob
