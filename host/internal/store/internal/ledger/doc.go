// Package ledger keeps events, schedules and tasks, what plugins provide and use, and what the catalog was, in SQL that both databases speak.
//
// Owns: the statements of store.Events, store.Schedules, store.Tasks, store.Provided, store.Uses and store.History: claims, leases, order, bounds.
// Does not own: connections and transactions (DB, which a backend brings), or what is done with what is claimed.
// Flow: event and job → a method here, part of both backends' Store → Tx of the backend → database.
package ledger
