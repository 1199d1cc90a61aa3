// Package ledger keeps events, schedules and tasks, and what plugins provide and use, in SQL that both databases speak.
//
// Owns: the statements of store.Events, store.Schedules, store.Tasks, store.Provided and store.Uses: claims, leases, order, bounds.
// Does not own: connections and transactions (DB, which a backend brings), or what is done with what is claimed.
// Flow: event and job → a method here, part of both backends' Store → Tx of the backend → database.
package ledger
