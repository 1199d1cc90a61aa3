package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/policy"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/policies"
	"github.com/callboard/callboard/sdk/entity"
)

// livePolicy keeps the policy up to date with the configuration and with the
// company's folder. What cannot be used changes nothing, and is said.
type livePolicy struct {
	guard *policy.Guard
	log   *slog.Logger

	now func() time.Time
	// What is asked for others needs who they are, and what is there.
	people authn.Directory
	index  *index.Index
	issuer string // of the users of this installation

	mu     sync.Mutex // of what follows; compiling happens under it, too
	config *config.Config
	seen   string // of the folder, when it was read last
	status web.PolicyStatus
}

// newLivePolicy compiles the policy of the configuration. A portal whose
// policy does not compile, or fails its own tests, does not start.
func newLivePolicy(ctx context.Context, c *config.Config, lookup func(string) (string, bool), now func() time.Time, log *slog.Logger) (*livePolicy, error) {
	p := &livePolicy{
		guard: policy.NewGuard(policy.GuardConfig{Open: !c.Permission.Enabled, Lookup: lookup, Log: log}),
		log:   log, now: now,
	}
	return p, p.use(ctx, c)
}

// use makes the policy of a configuration the live one.
func (p *livePolicy) use(ctx context.Context, c *config.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config, p.seen = c, signature(policyFolder(c))
	bundle, err := PolicyBundle(c)
	if p.guard.Revision() != "" && signature(policyFolder(c)) != p.seen {
		p.seen = "" // it changed while it was read: follow reads it again
		return nil
	}
	if err == nil && bundle.Digest()[:16] == p.guard.Revision() {
		p.status.Refused = nil // what was refused is mended
		return nil
	}
	var engine *policy.Engine
	if err == nil {
		engine, err = policy.Load(ctx, bundle)
	}
	if err != nil {
		p.status.Refused = &web.RefusedPolicy{At: p.now(), Why: err.Error()}
		return err //nolint:wrapcheck // says what and where
	}
	p.guard.Use(engine, administrators(c))
	p.status = web.PolicyStatus{Revision: engine.Revision(), Since: p.now(), Modules: slices.Sorted(maps.Keys(bundle.Modules)), Roles: rolesOf(bundle)}
	p.log.InfoContext(ctx, "policy in use", "revision", engine.Revision(), "modules", len(bundle.Modules))
	return nil
}

// Status implements web.Policy.
func (p *livePolicy) Status() web.PolicyStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Evaluate implements web.Policy.
func (p *livePolicy) Evaluate(ctx context.Context, q web.PolicyQuestion) (web.PolicyAnswer, error) {
	ask := policy.Question{Permission: policy.Permission{Name: q.Permission}}
	switch {
	case q.Permission == "" || (q.User == "") == (q.Plugin == ""):
		return web.PolicyAnswer{}, fault.New(fault.Invalid, "name a permission, and either a user or a plugin")
	case q.Plugin != "":
		ask.Principal = policy.Principal{Kind: principal.Plugin.String(), Issuer: "callboard", ID: q.Plugin, Ref: "plugin:" + q.Plugin}
	default:
		ref, err := entity.ParseRef(q.User, "user", "default")
		if err != nil {
			return web.PolicyAnswer{}, fault.New(fault.Invalid, "user: %w", err)
		}
		who := p.people.Profile(ctx, ref.String())
		ask.Principal = policy.Principal{Kind: principal.User.String(), Issuer: p.issuer, ID: ref.String(), Ref: ref.String(), Ownership: append([]string{ref.String()}, who.Ownership...)}
	}
	if q.EntityRef != "" {
		ref, err := entity.ParseRef(q.EntityRef, "", "default")
		if err != nil {
			return web.PolicyAnswer{}, fault.New(fault.Invalid, "entityRef: %w", err)
		}
		r, found := p.index.Resource(ref.String())
		if !found {
			return web.PolicyAnswer{}, fault.New(fault.Invalid, "entityRef: there is no entity %s", ref)
		}
		ask.Resource = &r
	}
	x, err := p.guard.Explain(ctx, ask)
	return web.PolicyAnswer{
		Allow: x.Allow, Rules: append([]string{}, x.Rules...), Reason: x.Reason, Condition: x.Condition, AskedEach: x.AskedEach, Input: x.Input, Revision: x.Revision,
	}, err //nolint:wrapcheck // says what went wrong
}

// rolesOf reads roles and who has them from the data of a bundle, as the policy
// in the binary does. A policy of another shape has none to show.
func rolesOf(b policy.Bundle) []web.RoleShown {
	var data struct {
		Callboard struct {
			Installation struct {
				Environment string `json:"environment"`
			} `json:"installation"`
			Everybody []string                 `json:"everybody"`
			Guests    []string                 `json:"guests"`
			Roles     map[string]web.RoleShown `json:"roles"`
			Bindings  []struct {
				Role    string   `json:"role"`
				Members []string `json:"members"`
			} `json:"bindings"`
		} `json:"callboard"`
	}
	text, err := json.Marshal(b.Data)
	if err != nil || json.Unmarshal(text, &data) != nil {
		return []web.RoleShown{}
	}
	out := []web.RoleShown{}
	for _, name := range slices.Sorted(maps.Keys(data.Callboard.Roles)) {
		role := data.Callboard.Roles[name]
		role.Name, role.Members = name, []string{}
		for _, b := range data.Callboard.Bindings {
			if b.Role == name {
				role.Members = append(role.Members, b.Members...)
			}
		}
		role.Everybody = slices.Contains(data.Callboard.Everybody, name)
		role.Guests = data.Callboard.Installation.Environment == "development" && slices.Contains(data.Callboard.Guests, name)
		role.Permissions, role.Owned = append([]string{}, role.Permissions...), append([]string{}, role.Owned...)
		out = append(out, role)
	}
	return out
}

// reload takes over a changed configuration, or a changed folder.
func (p *livePolicy) reload(ctx context.Context, c *config.Config) {
	if err := p.use(ctx, c); err != nil {
		p.log.ErrorContext(ctx, "the changed policy cannot be used; the one before stays", "revision", p.guard.Revision(), "error", err)
	}
}

// followEvery is how often the company's folder is looked at: a change is live
// when two looks in a row saw the same, since half a file may be fewer rules.
// Looking works on every file system, where notifications of changes do not.
const followEvery = 250 * time.Millisecond

// follow looks after the company's folder until the context ends.
func (p *livePolicy) follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p.mu.Lock()
		c, seen := p.config, p.seen
		p.mu.Unlock()
		now := signature(policyFolder(c))
		if now != seen && now == last {
			p.reload(ctx, c)
		}
		last = now
	}
}

// signature changes when a file below the folder does.
func signature(folder string) string {
	if folder == "" {
		return ""
	}
	var b strings.Builder
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintf(&b, "%s %v\n", path, err)
			return nil //nolint:nilerr // it is part of the signature
		}
		if info, err := os.Stat(path); err == nil && !e.IsDir() {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}

const folderKey = "permission.policy.folder"

// policyFolder is the absolute path of the company's folder, empty for none.
func policyFolder(c *config.Config) string {
	folder := c.Permission.Policy.Folder
	if folder == "" || filepath.IsAbs(folder) {
		return folder
	}
	return filepath.Join(filepath.Dir(c.Origin(folderKey).File), folder)
}

// PolicyBundle is the bundle of the binary, with or replaced by the folder of
// the configuration, and what the configuration says of the installation.
// Fault: Invalid, with the place.
func PolicyBundle(c *config.Config) (policy.Bundle, error) {
	bundle, err := policy.ReadBundle(policies.FS())
	if err != nil {
		return bundle, err //nolint:wrapcheck // says what and where
	}
	if folder := policyFolder(c); folder != "" {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return bundle, fault.New(fault.Invalid, "%s: %s: %s is no folder", c.Origin(folderKey), folderKey, folder)
		}
		company, err := policy.ReadBundle(os.DirFS(folder))
		if err != nil {
			return bundle, err //nolint:wrapcheck // says what and where
		}
		if c.Permission.Policy.Replaces {
			bundle = company
		} else if bundle, err = bundle.Extend(filepath.Base(folder), company); err != nil {
			return bundle, err //nolint:wrapcheck // says what and where
		}
	}
	environment := "development"
	if c.Auth.IsProduction() {
		environment = "production"
	}
	bindings := bundle.List("callboard", "bindings")
	for _, b := range c.Permission.Bindings {
		members := make([]any, len(b.Members))
		for i, ref := range b.Members {
			members[i] = strings.ToLower(ref)
		}
		bindings = append(bindings, map[string]any{"role": b.Role, "members": members})
	}
	if c.Permission.Guests != nil {
		roles := make([]any, len(c.Permission.Guests))
		for i, role := range c.Permission.Guests {
			roles[i] = role
		}
		bundle = bundle.With(roles, "callboard", "guests")
	}
	return bundle.With(environment, "callboard", "installation", "environment").With(bindings, "callboard", "bindings"), nil
}

// administrators are those who have the role admin by the configuration.
func administrators(c *config.Config) []string {
	var out []string
	for _, b := range c.Permission.Bindings {
		if b.Role == "admin" {
			out = append(out, b.Members...)
		}
	}
	return out
}

// hostPermissions are those that the host itself asks for, with what they do.
var hostPermissions = map[string]string{
	"plugins.install": "create", "plugins.operate": "update", "plugins.grant": "update", "plugins.configure": "update",
	// Not "read": who may read all that the portal shows need not know how it decides.
	"policy.read":  "use",
	"plugins.read": "read", "health.read": "read",
}

// permission says what a permission does and whether it is about entities: as
// the manifest of the plugin says whose id it begins with.
func (p *pluginSet) permission(name string) (action string, ofEntity bool) {
	if action, ok := hostPermissions[name]; ok {
		return action, false
	}
	if strings.HasPrefix(name, capabilityPermission) {
		return "use", false
	}
	id, _, _ := strings.Cut(name, ".")
	one := p.get(plugin.ID(id))
	if one == nil || one.bundle == nil || one.bundle.Manifest == nil {
		return "", false
	}
	for _, declared := range one.bundle.Manifest.Permissions {
		if declared.Name == name {
			return declared.Action, declared.ResourceType == "catalog-entity"
		}
	}
	return "", false
}

// visibility shows of the catalog what the policy lets a viewer read.
type visibility struct{ guard *policy.Guard }

// Scope implements index.Visibility.
func (v visibility) Scope(viewer principal.Viewer) *index.Scope {
	ctx := context.Background() // a policy has a budget of its own
	reach := v.guard.Reach(ctx, viewer.Authority(), "catalog.entity.read")
	if reach.Everything() {
		return nil
	}
	return &index.Scope{Key: reach.Key, See: func(p index.Part) index.Set {
		seen := index.NewSet(p.Len())
		if reach.Nothing() {
			return seen
		}
		for id := range uint32(p.Len()) { //nolint:gosec // ids are 32 bits
			if r := p.Resource(id); reach.Has(ctx, &r) {
				seen.Add(id)
			}
		}
		return seen
	}}
}

// grants asks the policy whether each plugin on the path of a call may use
// what it was granted, as the permission "capability.<name>".
type grants struct{ guard *policy.Guard }

// Allow implements capability.Policy. Whose rights a call uses beside the
// plugins' is not asked: what the subject may do is decided where it is done.
func (g grants) Allow(ctx context.Context, q capability.Question) error {
	for _, actor := range q.Authority.Actors {
		if err := g.guard.May(ctx, principal.Own(actor), capabilityPermission+q.Capability.String()); err != nil {
			return err //nolint:wrapcheck // a fault that says which permission
		}
	}
	return nil
}

const capabilityPermission = "capability."

// permits is the guard for those who name entities by their refs.
type permits struct {
	*policy.Guard
	index *index.Index
}

// perEntity are permissions that the host asks about for each entity, wherever
// something is done with one. Those of other plugins it does not: for them a
// route takes the permission with all entities.
var perEntity = []string{"catalog.entity.read", "catalog.entity.refresh", "catalog.entity.delete"}

// MaySome implements web.Permissions.
func (p permits) MaySome(ctx context.Context, who principal.Authority, permission string) error {
	if slices.Contains(perEntity, permission) {
		return p.Guard.MaySome(ctx, who, permission) //nolint:wrapcheck // a fault that says which permission
	}
	return p.May(ctx, who, permission) //nolint:wrapcheck // as above
}

// MayWith implements web.Permissions and the catalog capability's Permits.
func (p permits) MayWith(ctx context.Context, who principal.Authority, permission, ref string) error {
	var resource *condition.Resource
	if parsed, err := entity.ParseRef(ref, "", ""); err == nil {
		// What one does not see is not there, whatever else one may do with it.
		if r, found := p.index.Resource(parsed.String()); found && p.Guard.Reach(ctx, who, "catalog.entity.read").Has(ctx, &r) {
			resource = &r
		}
	}
	return p.Guard.MayWith(ctx, who, permission, resource) //nolint:wrapcheck // a fault that says which permission
}
