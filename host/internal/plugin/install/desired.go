package install

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/store"
)

// Desired is what shall be so of one plugin: the row of the store and what the
// configuration says, joined.
type Desired struct {
	ID           plugin.ID
	Installation string
	Publisher    string
	Bundle       *Bundle // current
	Canary       *Bundle
	Percent      int
	Enabled      bool
	Reason       string // why it is not enabled
	Unproven     bool   // nobody has seen the current version start
	Grants       capability.Grants
	Limits       config.Limits
	Config       json.RawMessage // nil = none
	Schema       int
	Compatible   int

	row *store.InstallationRow // nil: nothing in the store
}

func (d *Desired) removed() bool { return d.row != nil && !d.row.RemovedAt.IsZero() }

// holdsData reports whether the version of the data is known: a version was
// activated at some time.
func (d *Desired) holdsData() bool { return d != nil && d.row != nil && d.row.Current != "" }

// localInstallation is the owner of the data of what nobody signed.
func localInstallation(id string) string { return LocalPublisher + "/" + id }

// wanted returns the desired state of every plugin that shall be listed.
func (i *Installer) wanted(ctx context.Context) map[plugin.ID]*Desired {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	out := map[plugin.ID]*Desired{}
	for _, b := range i.deps.Fixed {
		out[plugin.ID(b.ID)] = i.join(ctx, b, nil)
	}
	for n := range rows {
		row := &rows[n]
		if row.RemovedAt.IsZero() {
			out[plugin.ID(row.Plugin)] = i.join(ctx, i.fixed(row.Plugin), row)
		}
	}
	return out
}

// desired returns the desired state of one plugin, of a removed one too, and
// nil when there is none.
func (i *Installer) desired(ctx context.Context, id string) *Desired {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	var gone *store.InstallationRow
	for n := range rows {
		row := &rows[n]
		switch {
		case row.Plugin != id:
		case row.RemovedAt.IsZero():
			return i.join(ctx, i.fixed(id), row)
		case gone == nil || gone.RemovedAt.Before(row.RemovedAt):
			gone = row
		}
	}
	if b := i.fixed(id); b != nil {
		return i.join(ctx, b, nil)
	}
	if gone != nil {
		return i.join(ctx, nil, gone)
	}
	for _, b := range i.deps.Fixed {
		if b.ID == id { // an entry without a source
			return i.join(ctx, b, nil)
		}
	}
	return nil
}

func (i *Installer) join(ctx context.Context, fixed *Bundle, row *store.InstallationRow) *Desired {
	d := &Desired{Bundle: fixed, Enabled: true, row: row}
	if row != nil {
		d.ID, d.Installation, d.Publisher = plugin.ID(row.Plugin), row.ID, row.Publisher
		d.Enabled, d.Reason, d.Unproven = row.Enabled && (!row.Migrating || i.movingHere(row.ID)), row.Reason, row.Unproven
		d.Schema, d.Compatible = row.DataSchema, row.DataCompatible
		if row.Migrating && row.Enabled {
			d.Reason = "its data is being migrated"
		}
	}
	if fixed != nil {
		now := *fixed
		now.Entry = mergeEntry(fixed.Entry, i.entry(fixed.ID))
		d.ID, d.Bundle = plugin.ID(fixed.ID), &now
		if row == nil {
			d.Installation, d.Publisher = localInstallation(fixed.ID), fixed.Publisher
		}
	} else if row != nil {
		d.Bundle = i.stored(ctx, row.Plugin, row.Current)
		if row.Canary != "" {
			d.Canary, d.Percent = i.stored(ctx, row.Plugin, row.Canary), row.CanaryPercent
		}
	}
	d.settings(i, row)
	return d
}

// stored returns a bundle of the store; one that cannot be read says so.
func (i *Installer) stored(ctx context.Context, id, digest string) *Bundle {
	b, err := i.bundle(ctx, digest)
	if err != nil {
		return &Bundle{ID: id, Digest: digest, Origin: FromStore, Err: err}
	}
	copied := *b
	copied.Entry = i.entry(id)
	if copied.ID != id {
		copied.Err = fault.New(fault.Invalid, "module %s is plugin %s", digest, b.ID)
	}
	return &copied
}

// settings joins grants, limits and configuration; what the file says wins.
func (d *Desired) settings(i *Installer, row *store.InstallationRow) {
	entry := i.entry(string(d.ID))
	d.Grants, d.Limits = capability.Grants{}, entry.Limits
	if row != nil {
		d.Grants = decodeGrants(row.Grants)
		if said, err := config.ParseLimits(orObject(row.Limits)); err == nil {
			d.Limits = overlay(entry.Limits, said)
		}
		d.Config = row.Config
	}
	maps.Copy(d.Grants, fileGrants(entry))
	if !entry.Config.IsZero() {
		d.Config = entry.Config.JSON()
	}
}

// effectiveGrants leaves out what the version does not declare: the grants of
// one version stay while another runs that asks for less. What the file grants
// must be declared.
func (d *Desired) effectiveGrants(i *Installer, b *Bundle) capability.Grants {
	out := capability.Grants{}
	for name, grant := range d.Grants {
		declared := b.Manifest != nil
		if declared {
			_, declared = b.Manifest.Capabilities[name]
		}
		if declared || i.fixedGrant(b.ID, name) != "" {
			out[name] = grant
		}
	}
	return out
}

// version is what is handed to the host of a bundle.
func (d *Desired) version(i *Installer, b *Bundle) Version {
	v := Version{
		Bundle: b, Installation: d.Installation, Grants: d.effectiveGrants(i, b), Limits: d.Limits, Eager: d.Unproven || b == d.Canary,
	}
	if d.row != nil && d.row.Previous != "" && b.Manifest != nil {
		before, err := i.bundle(context.Background(), d.row.Previous)
		code := b.Manifest.Data
		v.Irreversible = err != nil || !reads(before.Manifest.Data, max(code.SchemaVersion, d.Schema), compatibleFrom(code))
	}
	return v
}

func decodeGrants(text []byte) capability.Grants {
	out := capability.Grants{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil { // we wrote it
			return capability.Grants{}
		}
	}
	return out
}

func orObject(text []byte) []byte {
	if len(text) == 0 {
		return []byte("{}")
	}
	return text
}

// overlay fills the limits that over leaves open with those of under.
func overlay(over, under config.Limits) config.Limits {
	fill(reflect.ValueOf(&over).Elem(), reflect.ValueOf(under))
	return over
}

func fill(over, under reflect.Value) {
	for n := range over.NumField() {
		switch f := over.Field(n); {
		case f.Kind() == reflect.Struct:
			fill(f, under.Field(n))
		case f.IsZero():
			f.Set(under.Field(n))
		}
	}
}
