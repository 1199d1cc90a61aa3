// Package meter rewrites modules so that they count their steps.
//
// Owns: the rewriting pass, what a step is, what the pass cannot read, and the
// validation that comes before it.
// Does not own: what happens at a tick (deadline, fuel, cancellation), the cache
// of what it makes, limits of modules (all in plugin/sandbox).
// Flow: module → Validate → Rewrite → Metered, whose code counts down and calls
// callboard.tick → the runtime's compiler, which validates once more.
//
// A step is a function entry or a turn of a loop, with up to 1 KiB of code; every
// further KiB is a step more. A function that goes straight into a loop, as Go's
// do, pays with the loop's first turn. Memory and table instructions cost a step for each
// KiB that they move. So the time between two ticks is bounded by what code can
// do within 4,096 KiB, whatever a module looks like.
//
// The counter is a global of the rewritten module, one past the last of the
// original, and the functions and types that the pass adds are past the last
// ones too. A module that names one of them is invalid, but would be valid after
// the pass; so a module is validated before it, and within it every index is
// checked against the counts of the original.
package meter
