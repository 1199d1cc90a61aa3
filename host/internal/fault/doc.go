// Package fault is the host's vocabulary of failure.
//
// Owns: the kinds of failure, the error type that carries one, and the way to
// read the kind back out of a wrapped error.
// Does not own: how a kind is shown to a client; web maps kinds to HTTP.
// Flow: any package returns *Error → callers wrap with %w → web asks KindOf.
package fault
