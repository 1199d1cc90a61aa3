// Package event is the capability to publish events and to listen to them.
//
// Owns: the operation event.publish, and the scope language: the topics that a plugin may listen to.
// Does not own: the log, delivery, quotas (event); which topics a plugin declared (its manifest, through event).
// Flow: guest → Session → publish: is the topic the plugin's own? → event.Engine.
package event
