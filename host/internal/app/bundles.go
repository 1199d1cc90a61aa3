package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/plugins"
	"github.com/callboard/callboard/sdk/manifest"
)

// bundle is one version of a plugin.
type bundle = install.Bundle

// bundles collects core plugins and those of plugins.entries. A plugin that
// cannot be read carries its error: one broken plugin does not keep the portal
// from starting.
func bundles(c *config.Config, core []plugins.Bundle) []*bundle {
	var out []*bundle
	entries := maps.Clone(c.Plugins.Entries)
	for _, b := range core {
		entry, configured := entries[b.ID]
		delete(entries, b.ID)
		if configured && !entry.Enabled || !configured && b.Optional {
			continue
		}
		one := &bundle{ID: b.ID, Origin: install.FromBinary, Publisher: install.LocalPublisher, Entry: entry, Wasm: b.Wasm}
		one.Manifest, one.Err = manifest.Parse(b.ID+"/plugin.yaml", b.Manifest)
		switch {
		case one.Err == nil && entry.Source != "":
			one.Err = fault.New(fault.Invalid, "plugins.entries.%s.source: %s is a core plugin and travels in the binary", b.ID, b.ID)
		case one.Err == nil && len(b.Wasm) == 0:
			one.Err = fault.New(fault.Unavailable, "this binary was built without the module of plugin %s; run make build", b.ID)
		}
		out = append(out, one)
	}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		if entry := entries[id]; entry.Enabled {
			out = append(out, read(id, entry))
		}
	}
	for _, b := range out {
		b.Pin()
	}
	return out
}

// read loads a bundle from a folder (plugin.yaml beside plugin.wasm or
// dist/plugin.wasm) or from one .wasm file with the manifest in it.
func read(id string, entry config.PluginEntry) *bundle {
	b := &bundle{ID: id, Origin: install.FromConfiguration, Publisher: install.LocalPublisher, Entry: entry}
	if entry.Source == "" {
		b.Err = fault.New(fault.Invalid, "plugins.entries.%s: no plugin of this id is built in; say where it is with source: a folder or a .wasm file", id)
		return b
	}
	info, err := os.Stat(entry.Source)
	if err != nil {
		b.Err = fault.New(fault.Invalid, "plugins.entries.%s.source: %w", id, err)
		return b
	}
	if info.IsDir() {
		b.Manifest, b.Wasm, b.Err = readFolder(entry.Source)
	} else {
		b.Manifest, b.Wasm, b.Err = readModule(entry.Source)
	}
	if b.Err == nil && b.Manifest.ID != id {
		b.Err = fault.New(fault.Invalid, "plugins.entries.%s: the manifest in %s says id: %s", id, entry.Source, b.Manifest.ID)
	}
	if b.Err != nil {
		b.Err = fmt.Errorf("reading plugin %s: %w", id, b.Err)
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
		wasm, err := readFile(filepath.Join(dir, name), install.MaxModule)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return m, wasm, err
	}
	return m, nil, fault.New(fault.Invalid, "there is no dist/plugin.wasm in %s; build it with: callboard plugin build --dir %s", dir, dir)
}

func readModule(file string) (*manifest.Manifest, []byte, error) {
	wasm, err := readFile(file, install.MaxModule)
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
