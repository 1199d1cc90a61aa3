// Package task is the capability to do work after the request that asked for it.
//
// Owns: the operations of tasks, their scope (queues), and who sees which task: those they asked for.
// Does not own: running, retrying and keeping tasks (job).
// Flow: guest → Session → enqueue, get, list, cancel → job.Tasks; from inside a task checkpoint, log → job.Attempt.
package task
