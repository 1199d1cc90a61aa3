package policies

import "embed"

//go:embed authz.rego data.json
var bundle embed.FS

// FS returns the bundle: Rego modules, and data.json with the documents they read. Tests of the
// policies are not part of it.
func FS() embed.FS { return bundle }
