// Package sqlite is the store in one file, for one process.
//
// Owns: the schema and its migrations, the file with its mode and its journal, the
// classification of SQLite's errors.
// Does not own: what the rows mean, or the promises, which store states and storetest holds.
// Flow: call → gate → one writer connection (or the pool of readers) → file + WAL.
package sqlite
