// Package pace divides the processors among plugins.
//
// Owns: who of the guests that compute goes on, and who waits: long calls step
// back behind short ones, and a plugin with a CPU budget keeps to it.
// Does not own: fuel and deadlines (plugin/sandbox), instances and queues (plugin).
// Flow: Registry.Call → Account.Admit → Account.Begin → a turn in the context of the
// call → metered guest ticks → Turn.Pace: go on, or wait a little → Turn.End.
//
// Go's scheduler shares the processors among goroutines, and a guest that never
// ends is as good a goroutine as a request of half a millisecond. So a call has
// the foreground for its first 25 ms inside of the guest. Whatever takes longer
// is background, of all plugins together: while others call, it gets slices of
// a quarter of a millisecond that add up to 5 % of the processors, and the rest
// of the time its goroutine sleeps, so that a processor is idle when a request
// arrives. While nobody calls, it has all processors but one.
package pace
