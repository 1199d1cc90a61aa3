// Package hosttest is the promises of a host to its guests, as one suite of tests.
//
// Owns: the cases: what each capability operation answers, and what a missing grant answers.
// Does not own: hosts. sdktest runs its fake through Run, the host's own tests run the real one.
// Flow: Run → open(Setup) → Host → Call with a contract payload → reply → compare.
package hosttest
