package install

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/sdk/manifest"
)

// Review is what an operator looks at before a version is activated.
type Review struct {
	Digest        string             `json:"digest"` // "sha256:…"
	ID            string             `json:"id"`
	Version       string             `json:"version"`
	Title         string             `json:"title"`
	Description   string             `json:"description,omitempty"`
	Owner         string             `json:"owner,omitempty"`
	Licence       string             `json:"licence,omitempty"`
	Publisher     string             `json:"publisher"`
	Core          bool               `json:"core"`
	Installed     *VersionRef        `json:"installed,omitempty"`
	Kind          string             `json:"kind"` // install, upgrade, downgrade, same, reinstall
	Capabilities  []CapabilityReview `json:"capabilities"`
	NeedsApproval bool               `json:"needsApproval"`
	Data          DataReview         `json:"data"`
	Limits        []Limit            `json:"limits"`
	Routes        []RouteRef         `json:"routes"`
	Problems      []Problem          `json:"problems"`
}

// VersionRef names one version.
type VersionRef struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// RouteRef is one route below /api/<id>.
type RouteRef struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// CapabilityReview is one capability, as asked for and as granted.
type CapabilityReview struct {
	Name      string          `json:"name"`
	Reason    string          `json:"reason,omitempty"`
	Change    string          `json:"change"`    // added, widened, narrowed, removed, unchanged
	Requested string          `json:"requested"` // in words; empty when removed
	Scope     json.RawMessage `json:"scope,omitempty"`
	// Granted says in words what is granted now; null when nothing is.
	Granted       *string `json:"granted"`
	NeedsApproval bool    `json:"needsApproval"`
	FixedBy       string  `json:"fixedBy,omitempty"` // "app-config.yaml:12", where the file decides
}

// DataReview says what the version does to the plugin's stored data.
type DataReview struct {
	Current          int  `json:"current"` // version of the data as it is
	Writes           int  `json:"writes"`  // version that the code writes
	CompatibleFrom   int  `json:"compatibleFrom"`
	Migration        bool `json:"migration"`        // activating runs lifecycle.migrate/1
	RollbackPossible bool `json:"rollbackPossible"` // without giving up what is written meanwhile
	CanaryPossible   bool `json:"canaryPossible"`
	Readable         bool `json:"readable"` // false: the code cannot read the data as it is
}

// Limit is one limit of a plugin.
type Limit struct {
	Name      string `json:"name"`
	Unit      string `json:"unit"`            // bytes, ms, count
	Asked     int64  `json:"asked,omitempty"` // by the manifest; 0 = the host's default
	Said      int64  `json:"said,omitempty"`  // by the operator; 0 = nothing
	Cap       int64  `json:"cap,omitempty"`   // of the section limits; 0 = none
	Effective int64  `json:"effective"`
	Editable  bool   `json:"editable"`
	FixedBy   string `json:"fixedBy,omitempty"`
}

// Severities of problems.
const (
	SeverityError   = "error" // the version cannot be activated
	SeverityWarning = "warning"
)

// Problem is something that is wrong with a version, or worth knowing.
type Problem struct {
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// review compares a version with what is installed.
func (i *Installer) review(b *Bundle, d *Desired, problems []Problem, migrates bool) (*Review, error) {
	m := b.Manifest
	r := &Review{
		Digest: "sha256:" + b.Digest, ID: b.ID, Version: m.Version, Title: m.Title, Description: m.Description, Owner: m.Owner,
		Licence: m.Licence, Publisher: b.Publisher, Kind: "install", Capabilities: []CapabilityReview{}, Routes: []RouteRef{},
		Problems: append([]Problem{}, problems...),
	}
	for _, route := range m.Routes {
		r.Routes = append(r.Routes, RouteRef{route.Method, route.Path})
	}
	var old *manifest.Manifest
	granted := capability.Grants{}
	said := i.entry(b.ID).Limits
	if d != nil {
		if d.Bundle != nil && d.Bundle.Manifest != nil {
			old = d.Bundle.Manifest
		}
		granted, said = d.Grants, d.Limits
		r.Kind = kindOf(b, d, old)
		if old != nil && !d.removed() {
			r.Installed = &VersionRef{old.Version, "sha256:" + d.Bundle.Digest}
		}
	}
	r.Limits = i.deps.Limits(i.config.Load(), b.ID, m.Runtime, said)
	r.Data = dataReview(m.Data, d, migrates)
	if r.Data.Migration && !migrates {
		r.Problems = append(r.Problems, Problem{SeverityError, fmt.Sprintf(
			"the data is at version %d and this version writes %d and reads from %d on, but its code registers no migration", r.Data.Current, r.Data.Writes, r.Data.CompatibleFrom)})
	}
	if !r.Data.Readable {
		r.Problems = append(r.Problems, Problem{SeverityWarning, fmt.Sprintf(
			"the data is at version %d, which this version cannot read; activating it takes a copy from before, and what was written since is lost", r.Data.Current)})
	}
	var err error
	if r.Capabilities, err = i.compare(b, old, granted); err != nil {
		return nil, err
	}
	r.NeedsApproval = slices.ContainsFunc(r.Capabilities, func(c CapabilityReview) bool { return c.NeedsApproval })
	return r, nil
}

func kindOf(b *Bundle, d *Desired, old *manifest.Manifest) string {
	switch {
	case d.removed():
		return "reinstall"
	case old == nil:
		return "install"
	case d.Bundle.Digest == b.Digest:
		return "same"
	case compareVersions(b.Manifest.Version, old.Version) < 0:
		return "downgrade"
	default:
		return "upgrade"
	}
}

// compare looks at every capability of both manifests, by name.
func (i *Installer) compare(b *Bundle, old *manifest.Manifest, granted capability.Grants) ([]CapabilityReview, error) {
	before := map[string]manifest.Capability{}
	if old != nil {
		before = old.Capabilities
	}
	names := slices.Sorted(maps.Keys(b.Manifest.Capabilities))
	for name := range before {
		if _, stays := b.Manifest.Capabilities[name]; !stays {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out := make([]CapabilityReview, 0, len(names))
	for _, name := range names {
		was, had := before[name]
		is, has := b.Manifest.Capabilities[name]
		c := CapabilityReview{Name: name, Change: "removed", Reason: was.Reason, FixedBy: i.fixedGrant(b.ID, name)}
		grant, decided := granted[name]
		if !has {
			c.Granted = i.inWords(name, was, grant)
			out = append(out, c)
			continue
		}
		asked, scope, err := i.extent(name, is)
		if err != nil {
			return nil, err
		}
		c.Reason, c.Requested, c.Scope = is.Reason, asked.String(), scope
		if c.Change, err = i.changeOf(name, had, was, asked, scope); err != nil {
			return nil, err
		}
		if decided {
			c.Granted = i.inWords(name, is, grant)
		} else if asked.Harmless || b.Core() {
			words := asked.String()
			c.Granted = &words
		}
		c.NeedsApproval = !b.Core() && c.FixedBy == "" && i.needsApproval(name, asked, c.Change, grant, decided)
		out = append(out, c)
	}
	return out, nil
}

// changeOf says how a request differs from that of the version before.
func (i *Installer) changeOf(name string, had bool, was manifest.Capability, asked capability.Extent, scope json.RawMessage) (string, error) {
	if !had {
		return "added", nil
	}
	before, raw, err := i.extent(name, was)
	if err != nil {
		return "", err
	}
	switch {
	case bytes.Equal(raw, scope):
		return "unchanged", nil
	case before.Covers(asked):
		return "narrowed", nil
	default:
		return "widened", nil
	}
}

// needsApproval reports whether somebody has to decide about a capability: it
// is one that must be granted, nobody decided, or what was granted for less
// would not cover what is asked for now. What the operator denied stays denied
// and is not asked again.
func (i *Installer) needsApproval(name string, asked capability.Extent, change string, grant json.RawMessage, decided bool) bool {
	switch text := string(bytes.TrimSpace(grant)); {
	case !decided:
		return !asked.Harmless
	case text == "true" || text == "false":
		return false
	case change == "unchanged" || change == "narrowed":
		return false
	default:
		has, err := i.deps.Table.GrantExtent(name, grant)
		if err != nil {
			return true // a grant that cannot be read covers nothing
		}
		return !has.Covers(asked)
	}
}

// extent reads what a manifest asks for; the raw scope is nil when it names none.
func (i *Installer) extent(name string, c manifest.Capability) (capability.Extent, json.RawMessage, error) {
	scope, err := c.Scope.JSON()
	if err != nil {
		return capability.Extent{}, nil, fmt.Errorf("encoding the scope of %s: %w", name, err)
	}
	extent, err := i.deps.Table.Extent(name, scope)
	return extent, scope, err
}

// inWords says what a grant leaves of a request; nil when nothing is granted.
func (i *Installer) inWords(name string, c manifest.Capability, grant json.RawMessage) *string {
	scope, err := c.Scope.JSON()
	if err != nil {
		return nil
	}
	grants := capability.Grants{}
	if len(grant) > 0 {
		grants[name] = grant
	}
	rights, err := i.deps.Table.Resolve([]capability.Request{{Name: name, Scope: scope}}, grants, false)
	if err != nil || !rights.List()[0].Granted {
		return nil
	}
	words := rights.List()[0].Effective
	return &words
}
