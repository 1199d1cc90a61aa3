// Package plugintest holds the suite that every plugin.Loader passes, and the
// hostile guests that it is made of.
//
// Owns: the named cases, a Go guest that misbehaves on request, hand-written
// modules that no compiler would emit, and a small fake of the gate.
// Does not own: any loader, or the real gate (capability has its own suite).
// Flow: a loader's test → Run(t, newLoader) → guests → the host is unharmed.
package plugintest
