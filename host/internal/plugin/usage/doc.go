// Package usage keeps what plugins have used, for the operator to see.
//
// Owns: the series of the last day, the callers and operations that cost most,
// and the peaks of single calls, each in bounded memory.
// Does not own: what is counted (plugin.Observer), totals and quantiles (plugin.Stats), limits (plugin).
// Flow: one call → Log.Add → the second that runs → rings of 1 s, 10 s and 5 min → Log.Report.
package usage
