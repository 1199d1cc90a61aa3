// Package sdktest runs a plugin natively, in go test, against a fake host.
//
// Owns: the harness (New, Get, Post, Process), the fake host, a clock to turn.
// Does not own: the promises of a host; sdktest/hosttest states them once, for the fake and the real one.
// Flow: test → Harness → sdk.Guest → handler → Fake → reply → test.
// Nothing here is linked into a guest.
package sdktest
