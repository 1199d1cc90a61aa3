// Package source reads what locations name: files and URLs.
//
// Owns: Location and its text form, resolving one against another, globs, conditional reads,
// the folder that a file must not leave, the hosts that may be read.
// Does not own: connections and their address checks (egress), what the bytes mean (catalog/descriptor).
// Flow: Location → Resolve → Expand (globs) → Read → Content with ETag and digest.
package source
