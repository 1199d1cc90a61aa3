// Package postgres is the store in a PostgreSQL database that replicas share.
//
// Owns: the schema and its migrations, the pool and its timeouts, the classification of
// PostgreSQL's errors.
// Does not own: what the rows mean, or the promises, which store states and storetest holds.
// Flow: call → gate → pool → one transaction of arrays and pipelined statements → server.
package postgres
