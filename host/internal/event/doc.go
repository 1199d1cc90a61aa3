// Package event carries events from plugins and the host to the plugins that listen.
//
// Owns: who may publish what and how much, delivery at least once and in order of a topic and key,
// retries, dead letters, replay, retention.
// Does not own: the tables (store.Events), the call into a plugin (plugin/extension), scopes (capability/event).
// Flow: capability/event, or a catalog batch → store's log → a round finds who listens → claim, admit,
// deliver, settle → extension → plugin.
package event
