// Package job runs what plugins want done without a request: schedules and tasks.
//
// Owns: when a schedule is due, who runs it, a task's attempts, its checkpoints, log, cancelling and retries,
// and River, which carries "advance task X" from the replica that knows to one that has room.
// Does not own: the tables (store.Schedules, store.Tasks; River's own hold nothing but such errands),
// the call into a plugin (plugin/extension), whose rights it has (app).
// Flow: capability/task → Tasks.Enqueue → store → Carrier → Tasks.Advance on some replica: claim, run, hold, finish.
// Flow: Schedules.Step → claim what is due → run, hold, finish with the next time.
package job
