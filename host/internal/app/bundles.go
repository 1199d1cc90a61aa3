package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/plugins"
	"github.com/callboard/callboard/sdk/manifest"
)

// maxModule bounds what is read of a plugin's module.
const maxModule = 32 << 20

// bundle is a plugin that configuration or the binary brings.
type bundle struct {
	id       string
	manifest *manifest.Manifest // nil when err is set before it was read
	wasm     []byte
	digest   string // sha256, hex
	core     bool
	entry    config.PluginEntry
	err      error // why it cannot run; it is listed all the same
}

// bundles collects core plugins and those of plugins.entries. A plugin that
// cannot be read carries its error: one broken plugin does not keep the portal
// from starting.
func bundles(c *config.Config, core []plugins.Bundle) []*bundle {
	var out []*bundle
	entries := maps.Clone(c.Plugins.Entries)
	for _, b := range core {
		entry, configured := entries[b.ID]
		delete(entries, b.ID)
		if configured && !entry.Enabled {
			continue
		}
		one := &bundle{id: b.ID, core: true, entry: entry, wasm: b.Wasm}
		one.manifest, one.err = manifest.Parse(b.ID+"/plugin.yaml", b.Manifest)
		switch {
		case one.err == nil && entry.Source != "":
			one.err = fault.New(fault.Invalid, "plugins.entries.%s.source: %s is a core plugin and travels in the binary", b.ID, b.ID)
		case one.err == nil && len(b.Wasm) == 0:
			one.err = fault.New(fault.Unavailable, "this binary was built without the module of plugin %s; run make build", b.ID)
		}
		out = append(out, one)
	}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		if entry := entries[id]; entry.Enabled {
			out = append(out, read(id, entry))
		}
	}
	for _, b := range out {
		b.pin()
	}
	return out
}

// read loads a bundle from a folder (plugin.yaml beside plugin.wasm or
// dist/plugin.wasm) or from one .wasm file with the manifest in it.
func read(id string, entry config.PluginEntry) *bundle {
	b := &bundle{id: id, entry: entry}
	if entry.Source == "" {
		b.err = fault.New(fault.Invalid, "plugins.entries.%s: no plugin of this id is built in; say where it is with source: a folder or a .wasm file", id)
		return b
	}
	info, err := os.Stat(entry.Source)
	if err != nil {
		b.err = fault.New(fault.Invalid, "plugins.entries.%s.source: %w", id, err)
		return b
	}
	if info.IsDir() {
		b.manifest, b.wasm, b.err = readFolder(entry.Source)
	} else {
		b.manifest, b.wasm, b.err = readModule(entry.Source)
	}
	if b.err == nil && b.manifest.ID != id {
		b.err = fault.New(fault.Invalid, "plugins.entries.%s: the manifest in %s says id: %s", id, entry.Source, b.manifest.ID)
	}
	if b.err != nil {
		b.err = fmt.Errorf("reading plugin %s: %w", id, b.err)
	}
	return b
}

func readFolder(dir string) (*manifest.Manifest, []byte, error) {
	file := filepath.Join(dir, manifest.FileName)
	text, err := readFile(file, manifest.MaxSize)
	if err != nil {
		return nil, nil, err
	}
	m, err := manifest.Parse(file, text)
	if err != nil {
		return m, nil, fault.New(fault.Invalid, "%w", err)
	}
	for _, name := range []string{"dist/plugin.wasm", "plugin.wasm"} {
		wasm, err := readFile(filepath.Join(dir, name), maxModule)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return m, wasm, err
	}
	return m, nil, fault.New(fault.Invalid, "there is no dist/plugin.wasm in %s; build it with: callboard plugin build --dir %s", dir, dir)
}

func readModule(file string) (*manifest.Manifest, []byte, error) {
	wasm, err := readFile(file, maxModule)
	if err != nil {
		return nil, nil, err
	}
	text, ok, err := manifest.ReadSection(wasm)
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "%s: %w", file, err)
	}
	if !ok {
		return nil, nil, fault.New(fault.Invalid, "%s holds no manifest; build it with callboard plugin build, or point source at the plugin's folder", file)
	}
	m, err := manifest.Parse(file, text)
	if err != nil {
		return m, nil, fault.New(fault.Invalid, "%w", err)
	}
	return m, wasm, nil
}

func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fault.New(fault.Invalid, "%s must be a file of at most %d bytes", name, limit)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	return content, nil
}

// pin computes the digest and holds it to the one that the operator wrote.
func (b *bundle) pin() {
	if len(b.wasm) == 0 {
		return
	}
	sum := sha256.Sum256(b.wasm)
	b.digest = hex.EncodeToString(sum[:])
	if want := b.entry.Digest; want != "" && want != "sha256:"+b.digest && b.err == nil {
		b.err = fault.New(fault.Denied, "plugins.entries.%s.digest is %s, but the module has sha256:%s", b.id, want, b.digest)
	}
}

// processes reports whether the plugin takes part in processing entities.
func (b *bundle) processes() bool {
	return b.err == nil && b.manifest != nil && len(b.manifest.Extensions.Processors) > 0
}

// requests returns what the manifest declares, for the gate.
func (b *bundle) requests() ([]capability.Request, error) {
	if b.manifest == nil {
		return nil, nil
	}
	var out []capability.Request
	for _, name := range slices.Sorted(maps.Keys(b.manifest.Capabilities)) {
		declared := b.manifest.Capabilities[name]
		scope, err := declared.Scope.JSON()
		if err != nil {
			return nil, fmt.Errorf("encoding the scope of %s: %w", name, err)
		}
		out = append(out, capability.Request{Name: name, Reason: declared.Reason, Scope: scope})
	}
	return out, nil
}

// grants returns what the operator wrote for the plugin.
func (b *bundle) grants() capability.Grants {
	out := capability.Grants{}
	for name, g := range b.entry.Grants {
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
