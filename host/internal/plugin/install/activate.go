package install

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Order is who asks for a change, and of what.
type Order struct {
	Subject string // entity ref
	Plugin  string
	// IfRevision is the revision of the plugin that the operator saw; 0 = any.
	IfRevision uint64
	Reason     string
}

// Activation is a request to make a release current, or to try it beside the
// current version.
type Activation struct {
	Order
	Digest        string
	Grants        map[string]json.RawMessage // true, false or a scope, by capability
	CanaryPercent int                        // 1 to 99; 0 = all at once
	Restore       bool                       // give up what was written since the data had this version's form
}

// Activate makes a release current: install, upgrade, downgrade, reinstall.
// The old version runs until the new one is up. Faults: NotFound (no such
// release), Invalid, Conflict (*Refused).
func (i *Installer) Activate(ctx context.Context, a Activation) error {
	if err := i.free(a.Plugin); err != nil {
		return err
	}
	if a.CanaryPercent < 0 || a.CanaryPercent > 99 {
		return fault.New(fault.Invalid, "canaryPercent is %d; write 1 to 99, or leave it out to replace the version at once", a.CanaryPercent)
	}
	if err := i.read(ctx); err != nil {
		return err
	}
	b, err := i.bundle(ctx, bare(a.Digest))
	if err != nil {
		return err
	}
	if b.ID != a.Plugin {
		return fault.New(fault.Invalid, "release sha256:%s is plugin %s, not %s", b.Digest, b.ID, a.Plugin)
	}
	review, err := i.reviewOf(ctx, b)
	if err != nil {
		return err
	}
	row, err := i.rowFor(ctx, b)
	if err != nil {
		return err
	}
	if err := a.fresh(row); err != nil {
		return err
	}
	grants, err := i.decide(b, row, review, a.Grants)
	if err != nil {
		return i.wait(ctx, a, b, row, err)
	}
	if row.Grants, err = json.Marshal(grants); err != nil {
		return fmt.Errorf("encoding grants: %w", err)
	}
	if err := a.admissible(review, row); err != nil {
		return err
	}
	if a.CanaryPercent > 0 {
		return i.try(ctx, a, b, row)
	}
	return i.replace(ctx, a.Order, "activate", b, row, review.Data, a.Restore)
}

// fresh refuses an order about another state than the one that is.
func (o Order) fresh(row store.InstallationRow) error {
	if o.IfRevision != 0 && o.IfRevision != row.Revision {
		return refused("stale", "plugin %s is at revision %d, not %d: somebody else changed it; look at it again", o.Plugin, row.Revision, o.IfRevision)
	}
	return nil
}

// admissible refuses what no grant would mend.
func (a Activation) admissible(r *Review, row store.InstallationRow) error {
	for _, p := range r.Problems {
		if p.Severity == SeverityError {
			return &Refused{Kind: "not-compatible", Message: p.Message, Review: r}
		}
	}
	switch {
	case !r.Data.Readable && !a.Restore:
		return &Refused{Kind: "not-compatible", Review: r, Message: fmt.Sprintf(
			"the data is at version %d, which version %s cannot read; with restore the data goes back to its copy from before, and what was written since is lost", r.Data.Current, r.Version)}
	case a.CanaryPercent > 0 && row.Current == "":
		return fault.New(fault.Invalid, "there is no version to try %s beside; activate it without canaryPercent", r.Version)
	case a.CanaryPercent > 0 && !r.Data.CanaryPossible:
		return &Refused{Kind: "not-compatible", Review: r, Message: fmt.Sprintf(
			"a canary needs both versions to run on the same data: version %s writes schema %d and gets along with %d on, and the data is at %d", r.Version, r.Data.Writes, r.Data.CompatibleFrom, r.Data.Current)}
	case a.CanaryPercent > 0 && (!row.Enabled || !row.RemovedAt.IsZero()):
		return refused("not-compatible", "plugin %s does not serve, so that nothing can be tried beside it", a.Plugin)
	case a.CanaryPercent > 0 && row.Current == bare(a.Digest):
		return fault.New(fault.Invalid, "version %s is the current one", r.Version)
	}
	return nil
}

// rowFor returns the row that an activation starts from: the live one, what is
// left of a removed plugin of the same publisher, or a new one.
func (i *Installer) rowFor(ctx context.Context, b *Bundle) (store.InstallationRow, error) {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	for _, row := range rows {
		if row.Plugin == b.ID && row.RemovedAt.IsZero() && row.Publisher != b.Publisher && row.Current != "" {
			return row, refused("not-compatible", "plugin %s of publisher %s is installed; remove it first", b.ID, row.Publisher)
		}
	}
	for _, row := range rows {
		if row.Plugin == b.ID && row.Publisher == b.Publisher {
			return row, nil
		}
	}
	id := localInstallation(b.ID)
	if b.Publisher != LocalPublisher || i.purged(ctx, b.ID) {
		id = i.deps.NewID()
	}
	return store.InstallationRow{ID: id, Publisher: b.Publisher, Plugin: b.ID, Enabled: true}, nil
}

// purged reports whether the data of an installation of this id was deleted: a
// call that was late may have written under the old name since.
func (i *Installer) purged(ctx context.Context, id string) bool {
	events, err := i.deps.Store.PluginHistory(ctx, id, maxHistory)
	for _, e := range events {
		if e.Action == "purge" {
			return true
		}
	}
	return err != nil
}

// decide joins what was granted and what the order decides. Every capability
// that needs approval must be decided; a decision is kept as the scope that
// the operator saw, so that a later version that asks for more finds itself
// outside of it. Fault: Invalid; *Refused "needs-approval".
func (i *Installer) decide(b *Bundle, row store.InstallationRow, r *Review, said map[string]json.RawMessage) (capability.Grants, error) {
	grants := decodeGrants(row.Grants)
	decided, err := i.frozen(b, said)
	if err != nil {
		return nil, err
	}
	maps.Copy(grants, decided)
	for _, c := range r.Capabilities {
		if _, now := decided[c.Name]; c.NeedsApproval && !now {
			return nil, &Refused{Kind: "needs-approval", Review: r, Message: fmt.Sprintf(
				"version %s of plugin %s asks for %s (%s), which nobody has decided about; approve or deny it", r.Version, b.ID, c.Name, c.Requested)}
		}
	}
	return grants, nil
}

// frozen checks decisions and turns "as declared" into the scope that is
// declared. Faults: Invalid, Conflict (*Refused: the file decides).
func (i *Installer) frozen(b *Bundle, said map[string]json.RawMessage) (capability.Grants, error) {
	out := capability.Grants{}
	for name, raw := range said {
		declared, ok := b.Manifest.Capabilities[name]
		if !ok {
			return nil, fault.New(fault.Invalid, "grants.%s: version %s of plugin %s does not declare this capability", name, b.Manifest.Version, b.ID)
		}
		if at := i.fixedGrant(b.ID, name); at != "" {
			return nil, refused("fixed-by-file", "%s sets plugins.entries.%s.grants.%s; change it there", at, b.ID, name)
		}
		raw = bytes.TrimSpace(raw)
		if text := string(raw); text == "true" {
			scope, err := declared.Scope.JSON()
			if err == nil {
				scope, err = i.deps.Table.PlainGrant(name, scope)
			}
			if err != nil {
				return nil, fmt.Errorf("reading the scope of %s: %w", name, err)
			}
			raw = orObject(scope)
		} else if text != "false" {
			if len(raw) == 0 || raw[0] != '{' {
				return nil, fault.New(fault.Invalid, "grants.%s: write true, false or an object with a scope", name)
			}
			if _, err := i.deps.Table.GrantExtent(name, raw); err != nil {
				return nil, fault.New(fault.Invalid, "grants.%s: %s", name, fault.Message(err))
			}
		}
		out[name] = raw
	}
	return out, nil
}

// wait notes that a version waits for its grants, while the old one runs on.
func (i *Installer) wait(ctx context.Context, a Activation, b *Bundle, row store.InstallationRow, why error) error {
	var needs *Refused
	if !asRefused(why, &needs) || needs.Kind != "needs-approval" || row.Current == "" || !row.RemovedAt.IsZero() || row.Pending == b.Digest {
		return why
	}
	row.Pending = b.Digest
	event := a.event("activate", b, row, "waits", needs.Message)
	if _, err := i.save(ctx, row, event); err != nil {
		i.deps.Log.WarnContext(ctx, "that a version waits was not noted", "plugin", a.Plugin, "error", err)
	}
	return why
}

// try starts a canary.
func (i *Installer) try(ctx context.Context, a Activation, b *Bundle, row store.InstallationRow) error {
	row.Canary, row.CanaryPercent = b.Digest, a.CanaryPercent
	if row.Pending == b.Digest {
		row.Pending = ""
	}
	row, err := i.save(ctx, row, a.event("canary", b, row, "started", fmt.Sprintf("%d percent of calls; %s", a.CanaryPercent, a.Reason)))
	if err != nil {
		return err
	}
	return i.bring(ctx, row)
}

// replace makes a version current, with the migration that it needs.
func (i *Installer) replace(ctx context.Context, o Order, action string, b *Bundle, row store.InstallationRow, data DataReview, restore bool) error {
	was, fresh := row, row.Current == ""
	if row.RemovedAt.IsZero() && row.Current != "" && row.Current != b.Digest {
		row.Previous = row.Current
	}
	if !row.RemovedAt.IsZero() {
		row.Enabled, row.Reason = true, ""
	}
	row.Current, row.RemovedAt, row.Unproven = b.Digest, time.Time{}, true
	row.Canary, row.CanaryPercent = "", 0
	if row.Pending == b.Digest {
		row.Pending = ""
	}
	if fresh {
		row.DataSchema, row.DataCompatible = b.Manifest.Data.SchemaVersion, compatibleFrom(b.Manifest.Data)
	}
	if !fresh && (data.Migration || !data.Readable) {
		return i.move(ctx, o, action, b, was, row, data, restore)
	}
	row, err := i.save(ctx, row, o.event(action, b, row, "started", o.Reason))
	if err != nil {
		return err
	}
	if err := i.bring(ctx, row); err != nil {
		return err
	}
	return i.prove(ctx, o, action, b, row)
}

// bring makes this replica follow a row that it wrote. What does not start was
// given back to the store by then.
func (i *Installer) bring(ctx context.Context, row store.InstallationRow) error {
	err := i.reach(ctx, pluginID(row.Plugin))
	i.announce(ctx)
	var failed *notStarted
	if asNotStarted(err, &failed) {
		return &Refused{Kind: "does-not-start", Message: "the version does not start, and what ran before runs on: " + fault.Message(failed.err)}
	}
	return err
}

// prove notes that the version started.
func (i *Installer) prove(ctx context.Context, o Order, action string, b *Bundle, row store.InstallationRow) error {
	if !row.Enabled {
		return nil // nobody has seen it start
	}
	row.Unproven = false
	_, err := i.save(ctx, row, o.event(action, b, row, "done", o.Reason))
	if fault.Is(err, fault.Conflict) {
		return nil // somebody went on from here; what they did is in the history
	}
	return err
}
