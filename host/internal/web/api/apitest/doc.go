// Package apitest holds answers of the HTTP API to their description.
//
// Owns: finding the operation of a request in openapi.json, and checking status, media type and body of its answer.
// Does not own: the description (web/api) or sending requests (the tests).
// Flow: a test's request and the portal's answer → Check → nothing, or what the description does not say.
package apitest
