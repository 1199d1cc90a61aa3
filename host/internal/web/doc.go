// Package web is the HTTP face of the host, and the only home of Fiber.
//
// Owns: the listener's limits, request ids, host and origin checks, security headers, problem+json,
// ETags, compression, the static UI, the host's own endpoints, deliveries of webhooks, the
// revision that an answer was made from, and the response rules of plugins.
// Does not own: who somebody is (authn), what a plugin answers (plugin/extension), what a
// delivery says (webhook), the endpoints' data (Deps).
// Flow: listener → request id → host → origin → route → authn → host endpoint | plugin | UI → headers → ETag → gzip.
package web
