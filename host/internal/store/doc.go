// Package store is the durable truth: small interfaces with two backends.
//
// Owns: the rows, the interfaces, their promises; the backends live in sqlite and postgres
// and both pass storetest.
// Does not own: what the rows mean (catalog, capability/kv) or reading them fast (catalog's snapshot).
// Flow: catalog, capability → interface → backend → database; migrations run at Open.
package store
