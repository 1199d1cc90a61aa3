// Package plugins holds the core plugins, built into the host's binary.
//
// Owns: the core plugins' manifests and modules as bytes.
// Does not own: loading them (the host), building them (make build writes <id>/dist/plugin.wasm).
// Flow: go build of a plugin → dist/plugin.wasm → go:embed → Core → the host's loader, as for anybody's plugin.
package plugins

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed catalog/plugin.yaml all:catalog/dist
//go:embed discovery/plugin.yaml all:discovery/dist
//go:embed organization/plugin.yaml all:organization/dist
var files embed.FS

// core lists the core plugins in the order in which they are loaded. An
// optional one runs when plugins.entries names it.
var core = [...]struct {
	id       string
	optional bool
}{{"catalog", false}, {"discovery", true}, {"organization", true}}

// Bundle is one core plugin.
type Bundle struct {
	ID       string
	Optional bool   // it runs only where configuration names it
	Manifest []byte // plugin.yaml
	Wasm     []byte // nil when the module has not been built
}

// Core returns the core plugins. A Bundle without Wasm means that this binary
// was built without "make build", as in a host's unit tests.
func Core() []Bundle {
	out := make([]Bundle, 0, len(core))
	for _, c := range core {
		id := c.id
		manifest, err := files.ReadFile(id + "/plugin.yaml")
		if err != nil {
			panic(fmt.Sprintf("plugins: %v", err)) // embedded above
		}
		wasm, err := fs.ReadFile(files, id+"/dist/plugin.wasm")
		if err != nil {
			wasm = nil
		}
		out = append(out, Bundle{ID: id, Optional: c.optional, Manifest: manifest, Wasm: wasm})
	}
	return out
}
