// Package loadtest sends HTTP load and reads what it cost.
//
// Owns: raw requests, two load generators (wrk, and sockets of our own), the figures of a process in
// /proc, the stages of a CPU profile, medians, sections of a page of figures.
// Does not own: which requests, which server, what is a good figure (cmd/callboard-bench).
// Flow: Requests → Generator.Run beside a Meter → Result{rate, latency, CPU} → Median of several runs.
package loadtest
