package install

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/manifest"
)

// MaxModule bounds a plugin's module, in bytes.
const MaxModule = 32 << 20

// LocalPublisher is who publishes what nobody signed.
const LocalPublisher = "local"

// Origin is where a plugin comes from.
type Origin string

// The origins.
const (
	FromBinary        Origin = "core"          // travels in the binary
	FromConfiguration Origin = "configuration" // plugins.entries.<id>.source
	FromStore         Origin = "installed"     // through the API
)

// Bundle is one version of a plugin, wherever it comes from.
type Bundle struct {
	ID        string
	Manifest  *manifest.Manifest // nil when Err is set before it was read
	Wasm      []byte
	Digest    string // sha256, lower-case hex
	Origin    Origin
	Publisher string             // "local" for a module without a signature
	Entry     config.PluginEntry // what the configuration says of the plugin
	Err       error              // why it cannot run; it is listed all the same
}

// Core reports whether the plugin travels in the binary.
func (b *Bundle) Core() bool { return b.Origin == FromBinary }

// Pin computes the digest and holds it to the one that the operator wrote.
func (b *Bundle) Pin() {
	if len(b.Wasm) == 0 {
		return
	}
	b.Digest = Digest(b.Wasm)
	if want := b.Entry.Digest; want != "" && want != "sha256:"+b.Digest && b.Err == nil {
		b.Err = fault.New(fault.Denied, "plugins.entries.%s.digest is %s, but the module has sha256:%s", b.ID, want, b.Digest)
	}
}

// Digest returns the sha256 of a module in lower-case hex.
func Digest(wasm []byte) string {
	sum := sha256.Sum256(wasm)
	return hex.EncodeToString(sum[:])
}

// Processes reports whether the plugin takes part in processing entities.
func (b *Bundle) Processes() bool {
	return b.Err == nil && b.Manifest != nil && len(b.Manifest.Extensions.Processors) > 0
}

// Requests returns what the manifest declares, for the gate, by name.
func (b *Bundle) Requests() ([]capability.Request, error) {
	if b.Manifest == nil {
		return nil, nil
	}
	var out []capability.Request
	for _, name := range slices.Sorted(maps.Keys(b.Manifest.Capabilities)) {
		declared := b.Manifest.Capabilities[name]
		scope, err := declared.Scope.JSON()
		if err != nil {
			return nil, fmt.Errorf("encoding the scope of %s: %w", name, err)
		}
		out = append(out, capability.Request{Name: name, Reason: declared.Reason, Scope: scope})
	}
	return out, nil
}

// fileGrants are the grants that the configuration writes for a plugin.
func fileGrants(entry config.PluginEntry) capability.Grants {
	out := capability.Grants{}
	for name, g := range entry.Grants {
		switch {
		case !g.Allowed:
			out[name] = json.RawMessage("false")
		case g.Scope.IsZero():
			out[name] = json.RawMessage("true")
		default:
			out[name] = g.Scope.JSON()
		}
	}
	return out
}

// ReadModule reads a module that carries its manifest. The error names what is
// wrong with it: not a module, no manifest, a manifest that is not right, an id
// that the host keeps. Fault: Invalid.
func ReadModule(wasm []byte) (*Bundle, error) {
	if len(wasm) > MaxModule {
		return nil, fault.New(fault.Invalid, "the module has %d bytes and the limit is %d", len(wasm), MaxModule)
	}
	text, ok, err := manifest.ReadSection(wasm)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is no plugin: %w", err)
	}
	if !ok {
		return nil, fault.New(fault.Invalid, "the module holds no manifest; build it with: callboard plugin build")
	}
	m, err := manifest.Parse(manifest.FileName, text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the manifest in the module: %w", err)
	}
	if _, err := plugin.ParseID(m.ID); err != nil {
		return nil, err
	}
	return &Bundle{ID: m.ID, Manifest: m, Wasm: wasm, Digest: Digest(wasm), Origin: FromStore, Publisher: LocalPublisher}, nil
}
