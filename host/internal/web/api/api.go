// Package api is the description of the HTTP API.
//
// Owns: openapi.json, written by hand; the UI's types are generated from it, and the tests hold answers to it.
// Does not own: serving it (web) or what plugins add under their own ids.
package api

import _ "embed"

//go:embed openapi.json
var document []byte

// OpenAPI returns the OpenAPI 3.1 document, as /openapi.json serves it.
func OpenAPI() []byte { return document }
