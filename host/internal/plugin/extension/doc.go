// Package extension is the extension points of plugins as typed calls.
//
// Owns: http.handle, entity.process, entity.provide, event.on, schedule.run and task.run: building the payload, calling, reading the reply.
// Does not own: the call itself (plugin.Registry), routes on the wire (web), what comes of a result (catalog, web).
// Flow: web or catalog → typed request here → Registry.Call → reply with handles resolved → typed answer.
package extension
