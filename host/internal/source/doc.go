// Package source reads what locations name: files, URLs, and what source hosts keep.
//
// Owns: Location and its text form, resolving one against another, globs, conditional reads, the
// folder that a file must not leave, the hosts that may be read, the integrations (one folder per
// type of host: github, gitlab, gitea, s3), which of them a plugin may use, rate limits, archives.
// Does not own: connections and their address checks (egress), what the bytes mean (catalog/descriptor).
// Flow: Location → Resolve → Expand (globs) → Read → integration of the host or plain GET → Content with ETag and digest.
package source
