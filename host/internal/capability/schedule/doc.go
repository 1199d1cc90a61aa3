// Package schedule is the capability of a plugin to run at times of its choice.
//
// Owns: the operations schedule.list and schedule.run-now. What runs when stands in the manifest; with the
// capability withdrawn nothing of it runs.
// Does not own: when and where a schedule runs (job).
// Flow: guest → Session → list, run-now → job.Schedules.
package schedule
