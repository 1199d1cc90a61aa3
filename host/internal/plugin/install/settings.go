package install

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
)

// SetGrants decides about capabilities of the current version; those that are
// not named stay as they are, and null takes a decision back. Narrowing counts
// from the next call on. Faults: NotFound, Invalid, Conflict.
func (i *Installer) SetGrants(ctx context.Context, o Order, said map[string]json.RawMessage) error {
	row, err := i.begin(ctx, o)
	if err != nil {
		return err
	}
	d := i.desired(ctx, o.Plugin)
	if d == nil || d.Bundle.Manifest == nil {
		return refused("not-compatible", "plugin %s has no manifest that could be read; nothing can be granted", o.Plugin)
	}
	decided := map[string]json.RawMessage{}
	taken := map[string]bool{}
	for name, raw := range said {
		if string(raw) == "null" {
			taken[name] = true
			if at := i.fixedGrant(o.Plugin, name); at != "" {
				return refused("fixed-by-file", "%s sets plugins.entries.%s.grants.%s; change it there", at, o.Plugin, name)
			}
			continue
		}
		decided[name] = raw
	}
	frozen, err := i.frozen(d.Bundle, decided)
	if err != nil {
		return err
	}
	grants := decodeGrants(row.Grants)
	maps.Copy(grants, frozen)
	maps.DeleteFunc(grants, func(name string, _ json.RawMessage) bool { return taken[name] })
	if row.Grants, err = json.Marshal(grants); err != nil {
		return fault.Wrap(fault.Internal, err, "encoding grants")
	}
	return i.change(ctx, row, o.event("grants", d.Bundle, row, "done", string(mustJSON(said))))
}

// SetLimits replaces the operator's limits of a plugin, written as
// plugins.entries.<id>.limits. What the file sets stays. Faults: NotFound,
// Invalid, Conflict.
func (i *Installer) SetLimits(ctx context.Context, o Order, said json.RawMessage) error {
	row, err := i.begin(ctx, o)
	if err != nil {
		return err
	}
	if _, err := config.ParseLimits(orObject(said)); err != nil {
		return err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(orObject(said), &keys); err != nil {
		return fault.New(fault.Invalid, "limits must be an object: %w", err)
	}
	for key := range keys {
		if at := i.origin(o.Plugin, "limits", key); at != "" {
			return refused("fixed-by-file", "%s sets plugins.entries.%s.limits.%s; change it there", at, o.Plugin, key)
		}
	}
	before := row.Limits
	row.Limits = said
	err = i.change(ctx, row, o.event("limits", nil, row, "done", string(said)))
	if err == nil {
		return nil
	}
	// Under these limits it does not start, and it runs on under the old ones:
	// so they are what is true, for the other replicas and for a restart.
	if now, ok := i.live(o.Plugin); ok && now.Revision == row.Revision+1 {
		now.Limits = before
		if undo := i.change(ctx, now, o.event("limits", nil, now, "failed", fault.Message(err))); undo != nil {
			return errors.Join(err, undo)
		}
		return &Refused{Kind: "does-not-start", Message: "under these limits the plugin does not start, and the old ones stay: " + fault.Message(err)}
	}
	return err
}

// SetConfig replaces the configuration of a plugin; nil takes it back. The
// plugin sees it at its next call. Faults: NotFound, Invalid (against the
// manifest's schema), Conflict.
func (i *Installer) SetConfig(ctx context.Context, o Order, value json.RawMessage) error {
	row, err := i.begin(ctx, o)
	if err != nil {
		return err
	}
	if at := i.origin(o.Plugin, "config"); at != "" {
		return refused("fixed-by-file", "%s sets plugins.entries.%s.config; change it there", at, o.Plugin)
	}
	if string(value) == "null" {
		value = nil
	}
	var object map[string]json.RawMessage
	if len(value) > 0 && json.Unmarshal(value, &object) != nil {
		return fault.New(fault.Invalid, "/: config must be an object")
	}
	d := i.desired(ctx, o.Plugin)
	if d != nil && d.Bundle != nil {
		if err := checkConfig(d.Bundle, value); err != nil {
			return err
		}
	}
	row.Config = value
	// Not the value: it may hold what is not meant for a history.
	return i.change(ctx, row, o.event("config", nil, row, "done", ""))
}

// Reload takes a changed configuration over: configuration, grants and limits
// of plugins count at once.
func (i *Installer) Reload(ctx context.Context, c *config.Config) {
	i.config.Store(c)
	i.converge(ctx)
}

// mergeEntry keeps what takes a restart: where the module is.
func mergeEntry(old, now config.PluginEntry) config.PluginEntry {
	now.Source, now.Digest = old.Source, old.Digest
	return now
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}
