// Package attack holds attacks on the whole portal, through HTTP, files and plugins.
//
// Owns: raw requests, hostile descriptors, a hostile plugin, kill -9, and what must not leak.
// Does not own: the defences (web, catalog, capability, plugin) nor their own tests.
// Flow: apptest boots a portal → an attack → the refusal, and that nothing else suffered.
// It has tests only, and all of it stays on loopback.
package attack
