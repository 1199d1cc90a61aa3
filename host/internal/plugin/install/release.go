package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/manifest"
)

// Upload keeps a module and returns its review; nothing is installed. Keeping
// the same bytes twice is keeping them once. Faults: Invalid (not a module, no
// manifest, a manifest or code that is not right), Conflict (*Refused: an id
// that the binary or the configuration holds).
func (i *Installer) Upload(ctx context.Context, subject string, wasm []byte) (*Review, error) {
	b, err := ReadModule(wasm)
	if err != nil {
		return nil, err
	}
	if err := i.free(b.ID); err != nil {
		return nil, err
	}
	if _, err := i.describe(ctx, b); err != nil {
		return nil, fmt.Errorf("looking at the module: %w", err)
	}
	text, _, err := manifest.ReadSection(wasm)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is no plugin: %w", err)
	}
	r, err := i.reviewOf(ctx, b)
	if err != nil {
		return nil, err
	}
	err = i.deps.Store.PutModule(ctx, store.ModuleRow{
		Digest: b.Digest, Plugin: b.ID, Version: b.Manifest.Version, Publisher: b.Publisher, Manifest: string(text),
		Wasm: slices.Clone(wasm), CreatedAt: i.deps.Now(), CreatedBy: subject,
	})
	if err != nil {
		return nil, fmt.Errorf("keeping the module: %w", err)
	}
	i.event(ctx, store.PluginEvent{
		Plugin: b.ID, Action: "upload", Subject: subject, Version: b.Manifest.Version, Digest: b.Digest, Outcome: "done",
	})
	return r, nil
}

// Review returns the review of a kept release. Fault: NotFound.
func (i *Installer) Review(ctx context.Context, digest string) (*Review, error) {
	b, err := i.bundle(ctx, bare(digest))
	if err != nil {
		return nil, err
	}
	return i.reviewOf(ctx, b)
}

// bare is a digest without the name of its algorithm.
func bare(digest string) string { return strings.TrimPrefix(digest, "sha256:") }

// reviewOf reviews a version against what is installed of the same publisher.
func (i *Installer) reviewOf(ctx context.Context, b *Bundle) (*Review, error) {
	d := i.desired(ctx, b.ID)
	if d != nil && d.removed() && d.Publisher != b.Publisher {
		d = i.tombstone(ctx, b.ID, b.Publisher)
	}
	if d != nil && d.Bundle != nil && d.Bundle.Err != nil && d.row == nil {
		d.Bundle = nil // an entry of the file that waits for its plugin
	}
	var problems []Problem
	code, err := i.describe(ctx, b)
	if err != nil {
		problems = append(problems, Problem{SeverityError, fault.Message(err)})
	} else {
		for _, p := range manifest.Check(b.Manifest, code) {
			problems = append(problems, Problem{SeverityError, p.Message})
		}
	}
	if d != nil && !d.removed() && d.Publisher != b.Publisher {
		problems = append(problems, Problem{SeverityError, fmt.Sprintf("plugin %s of publisher %s is installed; remove it first: this one of %s inherits nothing of it", b.ID, d.Publisher, b.Publisher)})
	}
	problems = append(problems, i.deps.Fits(b, i.others(ctx, b.ID))...)
	if d != nil && len(d.Config) > 0 {
		if err := checkConfig(b, d.Config); err != nil {
			problems = append(problems, Problem{SeverityError, "the plugin's configuration: " + fault.Message(err)})
		}
	}
	return i.review(b, d, problems, code.Migrates)
}

// tombstone returns what is left of a publisher's plugin that was removed.
func (i *Installer) tombstone(ctx context.Context, id, publisher string) *Desired {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	for n := range rows {
		if row := &rows[n]; row.Plugin == id && row.Publisher == publisher {
			return i.join(ctx, nil, row)
		}
	}
	return nil
}

// others are the current bundles of all plugins but one.
func (i *Installer) others(ctx context.Context, id string) []*Bundle {
	var out []*Bundle
	for other, d := range i.wanted(ctx) {
		if string(other) != id && d.Bundle.Err == nil {
			out = append(out, d.Bundle)
		}
	}
	return out
}

// free refuses an id that comes with the binary or the configuration.
func (i *Installer) free(id string) error {
	b := i.fixed(id)
	switch {
	case b == nil:
		return nil
	case b.Core():
		return refused("reserved", "%s is a core plugin and travels in the binary; no other plugin may carry its id", id)
	default:
		return refused("fixed-by-file", "%s: plugin %s runs from plugins.entries.%s.source; change it there, or remove the entry first", i.origin(id, "source"), id, id)
	}
}
