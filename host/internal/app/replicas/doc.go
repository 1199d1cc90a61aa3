// Package replicas tests several real portals on one PostgreSQL: killed, cut off, restarted.
//
// Owns: three processes with a proxy each before the database, a folder of descriptors that all read.
// Does not own: who leads and how others follow (catalog/ingest, store/postgres); those have tests of their own.
// Flow: descriptors → the replica that leads → PostgreSQL → every replica's answers, compared.
// It has tests only.
package replicas
