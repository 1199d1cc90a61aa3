// Package app is the only wiring: configuration in, a running portal out.
//
// Owns: which parts there are and how they are joined; start-up and shutdown in order.
// Does not own: anything that a part could do itself.
// Flow: cmd → New (opens store, compiles the model, installs plugins) → Start (catalog, listener) → Close in reverse.
package app
