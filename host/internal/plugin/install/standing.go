package install

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/manifest"
)

// Standing is how a plugin stands beside how it runs: what lists show.
type Standing struct {
	Installation   string      `json:"installation"`
	Publisher      string      `json:"publisher"`
	Origin         Origin      `json:"origin"`
	FixedBy        string      `json:"fixedBy,omitempty"` // "app-config.yaml:12", where the file says which version runs
	Revision       uint64      `json:"revision"`          // 0 = nothing was changed through the API
	Enabled        bool        `json:"enabled"`
	DisabledReason string      `json:"disabledReason,omitempty"`
	Migrating      bool        `json:"migrating,omitempty"`
	Previous       *VersionRef `json:"previous,omitempty"`
	Canary         *CanaryRef  `json:"canary,omitempty"`
	Pending        *VersionRef `json:"pending,omitempty"` // waits for its grants
	RemovedAt      time.Time   `json:"removedAt,omitzero"`
	KeptUntil      time.Time   `json:"keptUntil,omitzero"`
}

// CanaryRef names a version on trial.
type CanaryRef struct {
	VersionRef
	Percent int `json:"percent"`
}

// Detail is everything that an operator can see and change of a plugin.
type Detail struct {
	Standing
	Capabilities []CapabilityDetail `json:"capabilities"`
	Limits       []Limit            `json:"limits"`
	Config       ConfigDetail       `json:"config"`
	Versions     []VersionDetail    `json:"versions"`
	Data         DataDetail         `json:"data"`
}

// CapabilityDetail is one declared capability.
type CapabilityDetail struct {
	Name           string          `json:"name"`
	Reason         string          `json:"reason,omitempty"`
	Granted        bool            `json:"granted"`
	Scope          string          `json:"scope,omitempty"` // granted, in words
	Requested      string          `json:"requested"`       // in words
	RequestedScope json.RawMessage `json:"requestedScope,omitempty"`
	Grant          json.RawMessage `json:"grant,omitempty"` // what was decided: true, false or a scope
	Harmless       bool            `json:"harmless"`        // declaring is enough
	FixedBy        string          `json:"fixedBy,omitempty"`
	Uses           uint64          `json:"uses"` // on this replica, since it started
	Denied         uint64          `json:"denied"`
	LastUsedAt     time.Time       `json:"lastUsedAt,omitzero"`
}

// ConfigDetail is a plugin's configuration with the schema that it must fit.
type ConfigDetail struct {
	Schema  json.RawMessage `json:"schema,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"` // secrets hidden
	FixedBy string          `json:"fixedBy,omitempty"`
}

// VersionDetail is one release that is kept of a plugin.
type VersionDetail struct {
	VersionRef
	Role      string    `json:"role"` // current, previous, canary, pending, available
	Publisher string    `json:"publisher"`
	Bytes     int64     `json:"bytes"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	CreatedBy string    `json:"createdBy,omitempty"`
}

// DataDetail is what a plugin keeps.
type DataDetail struct {
	SchemaVersion  int   `json:"schemaVersion"`
	CompatibleFrom int   `json:"compatibleFrom"`
	KVBytes        int64 `json:"kvBytes"`
	BlobBytes      int64 `json:"blobBytes"`
}

// Standing returns how a plugin stands; false when it was never there.
func (i *Installer) Standing(ctx context.Context, id string) (Standing, bool) {
	d := i.desired(ctx, id)
	if d == nil {
		return Standing{}, false
	}
	return i.standing(ctx, d), true
}

func (i *Installer) standing(ctx context.Context, d *Desired) Standing {
	id := string(d.ID)
	s := Standing{Installation: d.Installation, Publisher: d.Publisher, Origin: d.Bundle.Origin, Enabled: d.Enabled, DisabledReason: d.Reason}
	if d.Bundle.Origin == FromConfiguration {
		s.FixedBy = i.origin(id, "source")
	}
	if d.row == nil {
		return s
	}
	s.Revision, s.Migrating = d.row.Revision, d.row.Migrating
	s.Previous, s.Pending = i.ref(ctx, d.row.Previous), i.ref(ctx, d.row.Pending)
	if c := i.ref(ctx, d.row.Canary); c != nil {
		s.Canary = &CanaryRef{*c, d.row.CanaryPercent}
	}
	if d.removed() {
		s.RemovedAt, s.KeptUntil, s.Enabled = d.row.RemovedAt, d.row.RemovedAt.Add(KeepRemoved), false
	}
	return s
}

func (i *Installer) ref(ctx context.Context, digest string) *VersionRef {
	if digest == "" {
		return nil
	}
	r := &VersionRef{Digest: "sha256:" + digest}
	if b, err := i.bundle(ctx, digest); err == nil {
		r.Version = b.Manifest.Version
	}
	return r
}

// Removed returns the ids of plugins that were removed and whose data is kept.
func (i *Installer) Removed(ctx context.Context) []string {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	gone := map[string]bool{}
	for _, row := range rows {
		if d := i.desired(ctx, row.Plugin); d != nil && d.removed() {
			gone[row.Plugin] = true
		}
	}
	return slices.Sorted(maps.Keys(gone))
}

// Detail returns everything about a plugin, of a removed one what is left.
// Fault: NotFound.
func (i *Installer) Detail(ctx context.Context, id string) (*Detail, error) {
	d := i.desired(ctx, id)
	if d == nil {
		return nil, fault.New(fault.NotFound, "plugin %q is not installed", id)
	}
	out := &Detail{Standing: i.standing(ctx, d), Capabilities: []CapabilityDetail{}, Versions: []VersionDetail{}}
	var asked manifest.Runtime
	if m := d.Bundle.Manifest; m != nil {
		asked = m.Runtime
		out.Config.Schema = m.Config
		out.Capabilities = i.capabilities(d)
		out.Data = DataDetail{SchemaVersion: m.Data.SchemaVersion, CompatibleFrom: compatibleFrom(m.Data)}
	}
	if d.holdsData() {
		out.Data.SchemaVersion, out.Data.CompatibleFrom = d.Schema, d.Compatible
	}
	out.Limits = i.deps.Limits(i.config.Load(), id, asked, d.Limits)
	out.Config.FixedBy = i.origin(id, "config")
	out.Config.Value = i.PluginConfig(id)
	var err error
	if out.Data.KVBytes, err = i.deps.Store.KVUsage(ctx, d.Installation); err != nil {
		return nil, fmt.Errorf("measuring the plugin's data: %w", err)
	}
	if out.Data.BlobBytes, err = i.deps.Store.BlobUsage(ctx, d.Installation); err != nil {
		return nil, fmt.Errorf("measuring the plugin's data: %w", err)
	}
	if out.Versions, err = i.versions(ctx, d); err != nil {
		return nil, err
	}
	return out, nil
}

// capabilities explains every declared capability, by name.
func (i *Installer) capabilities(d *Desired) []CapabilityDetail {
	m := d.Bundle.Manifest
	out := []CapabilityDetail{}
	for _, name := range slices.Sorted(maps.Keys(m.Capabilities)) {
		declared := m.Capabilities[name]
		asked, scope, err := i.extent(name, declared)
		if err != nil { // the plugin does not run for that, and says so
			out = append(out, CapabilityDetail{Name: name, Reason: declared.Reason, Requested: fault.Message(err)})
			continue
		}
		c := CapabilityDetail{
			Name: name, Reason: declared.Reason, Requested: asked.String(), RequestedScope: scope, Harmless: asked.Harmless,
			Grant: d.Grants[name], FixedBy: i.fixedGrant(d.Bundle.ID, name),
		}
		words := i.inWords(name, declared, d.Grants[name])
		if words == nil && d.Bundle.Core() && !bytes.Equal(bytes.TrimSpace(d.Grants[name]), []byte("false")) {
			all := asked.String()
			words = &all
		}
		if c.Granted = words != nil; c.Granted && *words != "granted" {
			c.Scope = *words
		}
		out = append(out, c)
	}
	return out
}

// versions are the releases that are kept, those in use first.
func (i *Installer) versions(ctx context.Context, d *Desired) ([]VersionDetail, error) {
	rows, err := i.deps.Store.ListModules(ctx, string(d.ID))
	if err != nil {
		return nil, fmt.Errorf("listing releases: %w", err)
	}
	out := []VersionDetail{}
	for _, m := range rows {
		v := VersionDetail{
			VersionRef: VersionRef{m.Version, "sha256:" + m.Digest}, Role: "available", Publisher: m.Publisher,
			Bytes: m.Size, CreatedAt: m.CreatedAt, CreatedBy: m.CreatedBy,
		}
		if r := d.row; r != nil && !d.removed() {
			switch m.Digest {
			case r.Current:
				v.Role = "current"
			case r.Canary:
				v.Role = "canary"
			case r.Previous:
				v.Role = "previous"
			case r.Pending:
				v.Role = "pending"
			}
		}
		out = append(out, v)
	}
	rank := []string{"current", "canary", "previous", "pending", "available"}
	slices.SortStableFunc(out, func(a, b VersionDetail) int { return slices.Index(rank, a.Role) - slices.Index(rank, b.Role) })
	return out, nil
}

// HistoryEvent is one line of a plugin's history as the API shows it.
type HistoryEvent struct {
	At      time.Time `json:"at"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Version string    `json:"version,omitempty"`
	Digest  string    `json:"digest,omitempty"`
	Outcome string    `json:"outcome"`
	Message string    `json:"message,omitempty"`
}

// History returns the newest lines about a plugin, newest first.
func (i *Installer) History(ctx context.Context, id string) ([]HistoryEvent, error) {
	events, err := i.deps.Store.PluginHistory(ctx, id, maxHistory)
	if err != nil {
		return nil, fmt.Errorf("reading the history: %w", err)
	}
	out := make([]HistoryEvent, 0, len(events))
	for _, e := range events {
		line := HistoryEvent{At: e.At, Action: e.Action, Subject: e.Subject, Version: e.Version, Outcome: e.Outcome, Message: strings.TrimSuffix(e.Message, "; ")}
		if e.Digest != "" {
			line.Digest = "sha256:" + e.Digest
		}
		out = append(out, line)
	}
	return out, nil
}
