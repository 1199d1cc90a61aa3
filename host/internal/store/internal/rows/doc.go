// Package rows is what both backends do to rows on their way in and out.
//
// Owns: the packed form of bodies and edge lists, the checks of what a text column may
// hold, the plan of a KV write (comparison, quota, revisions), the gate that Close waits at.
// Does not own: SQL, transactions, or how a backend's failures are classified.
// Flow: caller → Check, Pack, PlanKV → backend's SQL → Unpack → caller.
package rows
