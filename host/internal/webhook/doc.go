// Package webhook takes what source hosts send when something changed in them.
//
// Owns: topics and their secrets, who signed a delivery, what it says, that it counts once.
// Does not own: HTTP (web), which sources a push touches (source), reading them again (catalog/ingest), events (event).
// Flow: body and headers → signature → first time? → Notice → catalog, and an event for plugins.
package webhook
