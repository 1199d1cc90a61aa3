package manifest

import _ "embed"

//go:embed plugin.schema.json
var schemaFile []byte

// Schema returns the JSON Schema of plugin.yaml, for editors. It is written
// from the types and their comments; see schema_test.go.
func Schema() []byte { return append([]byte(nil), schemaFile...) }
