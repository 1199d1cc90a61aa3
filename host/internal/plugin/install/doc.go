// Package install decides what runs: it keeps what an operator wants of each plugin in the store
// and makes the registry of this replica equal to it.
//
// Owns: releases (modules kept by digest), installations and their identity, the review of grants,
// configuration and limits of a plugin, migration of its data, the way back, retention.
// Does not own: running plugins (plugin), rights (capability), reading configuration files (config),
// HTTP (web). Flow: operator → Installer → store (truth, revision) → converge, on every replica → Registry.
package install
