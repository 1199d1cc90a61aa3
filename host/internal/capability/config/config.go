// Package config is the capability to read the plugin's own slice of the configuration.
//
// Owns: config.get/1. Does not own: loading and redacting (host/internal/config).
// Flow: guest → Session → plugins.entries.<id>.config as JSON, secrets redacted.
package config

import (
	"context"
	"encoding/json"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Source returns the configuration of a plugin as JSON, with secrets redacted.
type Source interface {
	PluginConfig(plugin string) json.RawMessage
}

// New returns the table's row.
func New(source Source) capability.Capability {
	return capability.Capability{
		ID: abi.CapConfig, Harmless: true,
		Ops: map[uint32]capability.Operation{
			abi.ConfigGet: capability.Plain("config.get/1", func(_ context.Context, c *capability.Call) (msgp.Marshaler, error) {
				raw := source.PluginConfig(c.Plugin)
				if len(raw) == 0 {
					raw = json.RawMessage("{}")
				}
				return &contract.ConfigAnswer{JSON: raw}, nil
			}),
		},
	}
}
