package install

import (
	"encoding/json"
	"strings"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/render"
)

// checkConfig holds a configuration to the schema of the manifest. Where
// nothing was configured there is nothing to hold: a plugin that needs a key is
// installed first and configured then. Fault: Invalid, with a JSON pointer and
// what is allowed for every mistake.
func checkConfig(b *Bundle, value json.RawMessage) error {
	if b.Manifest == nil || len(b.Manifest.Config) == 0 || len(value) == 0 {
		return nil
	}
	violations, err := render.Validate(b.Manifest.Config, value)
	if err != nil {
		return err //nolint:wrapcheck // a fault that says what is wrong
	}
	if len(violations) == 0 {
		return nil
	}
	lines := make([]string, len(violations))
	for n, v := range violations {
		pointer := v.Pointer
		if pointer == "" {
			pointer = "/"
		}
		lines[n] = pointer + ": " + v.Message
	}
	return fault.New(fault.Invalid, "%s", strings.Join(lines, "\n"))
}

// takeConfig gives the plugin its configuration if it is good. A bad one
// leaves the plugin with the one that it has; a plugin that has none yet does
// not run, and the error says why.
func (i *Installer) takeConfig(d *Desired) error {
	id := string(d.ID)
	var err error
	if d.Bundle != nil && d.Bundle.Err == nil {
		if err = checkConfig(d.Bundle, d.Config); err != nil {
			if at := i.origin(id, "config"); at != "" {
				err = fault.New(fault.Invalid, "%s: plugins.entries.%s.config: %s", at, id, fault.Message(err))
			}
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err == nil {
		i.configs[id] = d.Config
		return nil
	}
	if _, runs := i.configs[id]; runs {
		i.deps.Log.Error("the plugin keeps its old configuration", "plugin", id, "error", err)
		return nil
	}
	return err
}

func (i *Installer) forgetConfig(id pluginID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.configs, string(id))
}

// PluginConfig returns the configuration that a plugin may read, with its
// secrets hidden; nil when it has none.
func (i *Installer) PluginConfig(id string) json.RawMessage {
	i.mu.Lock()
	value := i.configs[id]
	i.mu.Unlock()
	if len(value) == 0 || string(value) == "null" {
		return nil
	}
	if c := i.config.Load(); !c.Plugins.Entries[id].Config.IsZero() {
		// Only the file's own tree knows which variables fed a value.
		if now := c.Plugins.Entries[id].Config.JSON(); string(now) == string(value) {
			return c.RedactedPluginConfig(id)
		}
	}
	shown, err := config.RedactedJSON(value)
	if err != nil {
		return nil
	}
	return shown
}
