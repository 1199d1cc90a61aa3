// Package config reads the layered configuration of the host.
//
// Owns: where values come from (files, includes, environment, flags), merge
// and substitution, the typed definition of every key, its strictness, its
// JSON Schema and reference, redaction, and what a changed file changes.
// Does not own: what a value makes the host do; app hands sections on.
// Flow: files → parse (lines kept) → resolve ($env, $file, $include, ${}) →
// merge ← environment ← flags → decode by the definition → validate → *Config.
package config
