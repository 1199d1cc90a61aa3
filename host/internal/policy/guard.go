package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// GuardConfig is what a Guard needs.
type GuardConfig struct {
	// Open lets everybody do everything: permission.enabled is false.
	Open bool
	// Lookup returns what a permission does, and whether it is about an entity.
	Lookup func(permission string) (action string, ofEntity bool)
	Log    *slog.Logger
}

// Guard asks the live policy about whole authorities: about the subject of a
// call and about every plugin on its path, all of whom must be allowed. It is
// safe for concurrent use. Until it has an engine it denies everything.
type Guard struct {
	config GuardConfig
	live   atomic.Pointer[live]
}

// live is an engine with what it said so far. The answers go with it.
type live struct {
	engine  *Engine
	admins  []string
	mu      sync.RWMutex
	known   map[string]*Reach
	decided map[string]*Denial // about no resource; nil = allowed
}

// maxKnown bounds how many answers are kept; then they are worked out anew.
const maxKnown = 10_000

// NewGuard returns a guard without an engine.
func NewGuard(c GuardConfig) *Guard {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Guard{config: c}
}

// Use makes an engine the live one, for every question from now on.
// Administrators are the refs of those who can give permissions, for denials.
func (g *Guard) Use(e *Engine, administrators []string) {
	g.live.Store(&live{engine: e, admins: administrators, known: map[string]*Reach{}, decided: map[string]*Denial{}})
}

// Revision names the policy that is live, or is empty.
func (g *Guard) Revision() string {
	if l := g.live.Load(); l != nil {
		return l.engine.revision
	}
	return ""
}

// Denial says which permission is missing. It is the cause of a fault of kind Denied.
type Denial struct {
	Permission string
	Who        string   // the principal that has it not
	Rules      []string // that denied it; none when nothing allowed it
	GrantedBy  []string // refs of those who can give it

	failed bool // the policy did; another time may go well
}

func (d *Denial) Error() string {
	why := "no rule of the policy allows it"
	if len(d.Rules) > 0 {
		why = "the policy denies it: " + strings.Join(d.Rules, ", ")
	}
	return fmt.Sprintf("%s has not the permission %s: %s", d.Who, d.Permission, why)
}

// Reach is with what an authority may do something.
type Reach struct {
	// Key is the same for two reaches that are equal under one policy.
	Key string

	engine *Engine
	parts  []part // all must hold
	log    *slog.Logger
}

// part is what the policy says of one principal.
type part struct {
	question Question
	node     condition.Node // nil: the policy has to be asked about each
}

// May returns nil when the authority has a permission. Of one about entities
// that means: with all of them. Fault: Denied, with a Denial as its cause.
func (g *Guard) May(ctx context.Context, who principal.Authority, permission string) error {
	if g.OfEntity(permission) {
		return g.MayWith(ctx, who, permission, nil)
	}
	return g.may(ctx, who, permission, nil)
}

// MaySome returns nil when there may be a resource with which the authority
// has the permission; whoever does something asks MayWith. Fault: as May.
func (g *Guard) MaySome(ctx context.Context, who principal.Authority, permission string) error {
	if g.OfEntity(permission) && !g.Reach(ctx, who, permission).Nothing() {
		return nil
	}
	return g.May(ctx, who, permission)
}

// MayWith returns nil when the authority has a permission with a resource. For
// nil, a resource that does not exist, that takes a permission with all of
// them: else the answer would tell what is hidden from what is not there.
// Fault: as May.
func (g *Guard) MayWith(ctx context.Context, who principal.Authority, permission string, r *condition.Resource) error {
	reach := g.Reach(ctx, who, permission)
	switch {
	case reach.Everything() || r != nil && reach.Has(ctx, r):
		return nil
	case r == nil:
		d := &Denial{Permission: permission, Who: principals(who)[0].name()}
		if l := g.live.Load(); l != nil {
			d.GrantedBy = l.admins
		}
		return g.denied(d)
	}
	return g.may(ctx, who, permission, r)
}

// OfEntity reports whether a permission is about entities.
func (g *Guard) OfEntity(permission string) bool {
	_, is := g.config.Lookup(permission)
	return is
}

// may asks in full, which also says why not.
func (g *Guard) may(ctx context.Context, who principal.Authority, permission string, r *condition.Resource) error {
	if g.config.Open || isHost(who) {
		return nil
	}
	l := g.live.Load()
	if l == nil {
		return g.denied(&Denial{Permission: permission, Who: principals(who)[0].name()})
	}
	if r != nil {
		return g.denied(g.decide(ctx, l, who, permission, r))
	}
	key := g.keyOf(who, permission)
	l.mu.RLock()
	denial, known := l.decided[key]
	l.mu.RUnlock()
	if !known {
		denial = g.decide(ctx, l, who, permission, nil)
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.decided) >= maxKnown {
			clear(l.decided)
		}
		// Names that nobody declares come from outside, and there is no end of them.
		if action, _ := g.config.Lookup(permission); action != "" && (denial == nil || !denial.failed) {
			l.decided[key] = denial
		}
	}
	return g.denied(denial)
}

func (g *Guard) denied(d *Denial) error {
	if d == nil {
		return nil
	}
	return fault.Wrap(fault.Denied, d, d.Error())
}

func (g *Guard) decide(ctx context.Context, l *live, who principal.Authority, permission string, r *condition.Resource) *Denial {
	action, _ := g.config.Lookup(permission)
	for _, p := range principals(who) {
		d, err := l.engine.Decide(ctx, Question{Principal: p, Permission: Permission{permission, action}, Resource: r})
		if err != nil {
			g.config.Log.ErrorContext(ctx, "the policy failed, which denies", "permission", permission, "principal", p.name(), "error", err)
		}
		if !d.Allow {
			return &Denial{Permission: permission, Who: p.name(), Rules: d.Rules, GrantedBy: l.admins, failed: err != nil}
		}
	}
	return nil
}

// Reach returns with which entities the authority has a permission.
func (g *Guard) Reach(ctx context.Context, who principal.Authority, permission string) *Reach {
	if g.config.Open || isHost(who) {
		return everywhere
	}
	l := g.live.Load()
	if l == nil {
		return nowhere
	}
	key := g.keyOf(who, permission)
	l.mu.RLock()
	reach := l.known[key]
	l.mu.RUnlock()
	if reach != nil {
		return reach
	}
	reach, ok := g.work(ctx, l.engine, who, permission)
	if !ok {
		return nowhere // for this time; another may go well
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) >= maxKnown {
		clear(l.known)
	}
	if action, _ := g.config.Lookup(permission); action != "" {
		l.known[key] = reach
	}
	return reach
}

var (
	everywhere = &Reach{Key: "everything"}
	nowhere    = &Reach{Key: "nothing", parts: []part{{node: condition.Any{}}}}
)

func (g *Guard) work(ctx context.Context, e *Engine, who principal.Authority, permission string) (_ *Reach, ok bool) {
	action, _ := g.config.Lookup(permission)
	reach := &Reach{engine: e, log: g.config.Log}
	key := sha256.New()
	for _, p := range principals(who) {
		q := Question{Principal: p, Permission: Permission{permission, action}}
		n, why, err := e.Condition(ctx, q)
		if err != nil {
			g.config.Log.ErrorContext(ctx, "the policy failed, which hides everything", "permission", permission, "principal", p.name(), "error", err)
			return nil, false
		}
		if n == nil {
			g.config.Log.WarnContext(ctx, "the policy is asked about each entity, which is slower: "+why, "permission", permission, "principal", p.name())
			_, _ = fmt.Fprintf(key, "ask %q %q %q %q %q %q %q %q %q\x00", permission, action, p.Kind, p.Issuer, p.ID, p.Ref, p.Version, p.Digest, p.Ownership)
		} else {
			if all, is := n.(condition.All); is && len(all) == 0 {
				continue
			}
			_, _ = fmt.Fprintf(key, "%s\x00", n)
		}
		reach.parts = append(reach.parts, part{q, n})
	}
	if len(reach.parts) == 0 {
		return everywhere, true
	}
	reach.Key = e.revision + " " + hex.EncodeToString(key.Sum(nil)[:16])
	return reach, true
}

// Everything reports whether the reach has no end.
func (r *Reach) Everything() bool { return len(r.parts) == 0 }

// Nothing reports whether the reach is known to be empty.
func (r *Reach) Nothing() bool {
	for _, p := range r.parts {
		if none, is := p.node.(condition.Any); is && len(none) == 0 {
			return true
		}
	}
	return false
}

// Has reports whether a resource is within reach. A policy that fails has it not.
func (r *Reach) Has(ctx context.Context, resource *condition.Resource) bool {
	for _, p := range r.parts {
		if p.node != nil {
			if !condition.Holds(p.node, resource) {
				return false
			}
			continue
		}
		p.question.Resource = resource
		d, err := r.engine.Decide(ctx, p.question)
		if err != nil {
			r.log.ErrorContext(ctx, "the policy failed, which hides an entity", "entity", resource.Ref, "error", err)
		}
		if !d.Allow {
			return false
		}
	}
	return true
}

// Explained is a decision with all that led to it.
type Explained struct {
	Decision
	Condition string         // of which resources it is allowed, when none was named
	AskedEach string         // why there is no condition
	Input     map[string]any // what the policy saw
	Revision  string
}

// Explain answers a question about somebody else. The permission's action is
// looked up. Faults: as Engine.Decide; Unavailable, when there is no policy.
func (g *Guard) Explain(ctx context.Context, q Question) (Explained, error) {
	l := g.live.Load()
	if l == nil {
		return Explained{}, fault.New(fault.Unavailable, "no policy is in use")
	}
	var ofEntity bool
	q.Permission.Action, ofEntity = g.config.Lookup(q.Permission.Name)
	out := Explained{Input: q.input(), Revision: l.engine.revision}
	if q.Resource != nil || !ofEntity {
		d, err := l.engine.Decide(ctx, q)
		out.Decision = d
		return out, err
	}
	n, why, err := l.engine.Condition(ctx, q)
	if err != nil {
		return out, err
	}
	if out.AskedEach = why; n != nil {
		out.Condition = n.String()
		none, is := n.(condition.Any)
		out.Allow = !is || len(none) > 0
	} else {
		out.Allow = true // with some, perhaps
	}
	return out, nil
}

// isHost reports whether the host acts for itself, which no policy is about:
// nothing that comes from outside has this subject.
func isHost(a principal.Authority) bool {
	return a.Mode == principal.AsOwn && a.Subject.Kind == principal.Service && a.Subject.Issuer == "callboard" && a.Subject.ID == "host" && len(a.Actors) == 0
}

// principals are all of whom the policy is asked: the subject, and each plugin
// on the path that is not the subject.
func principals(a principal.Authority) []Principal {
	s := a.Subject
	out := []Principal{{Kind: s.Kind.String(), Issuer: s.Issuer, ID: s.ID, Ref: s.Ref, Ownership: s.Ownership}}
	for _, actor := range a.Actors {
		p := Principal{Kind: principal.Plugin.String(), Issuer: "callboard", ID: actor.Plugin, Ref: "plugin:" + actor.Plugin, Version: actor.Version, Digest: actor.Digest}
		if s.Kind == principal.Plugin && s.ID == actor.Plugin {
			out[0] = p // the same, with its version
			continue
		}
		out = append(out, p)
	}
	return out
}

func (p Principal) name() string {
	switch {
	case p.Ref != "":
		return p.Ref
	case p.ID != "":
		return p.Kind + " " + p.ID
	}
	return "whoever is not signed in"
}

// keyOf holds everything that the policy reads of an authority and a permission,
// each part with its length: what an identity provider calls somebody may hold
// anything. What a permission does changes with the version of its plugin.
func (g *Guard) keyOf(a principal.Authority, permission string) string {
	action, ofEntity := g.config.Lookup(permission)
	var b strings.Builder
	add := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(strconv.Itoa(len(p)))
			b.WriteByte(':')
			b.WriteString(p)
		}
		b.WriteByte(';')
	}
	s := a.Subject
	add(permission, action, strconv.FormatBool(ofEntity), s.Kind.String(), s.Issuer, s.ID, s.Ref)
	add(s.Ownership...)
	for _, actor := range a.Actors {
		add(actor.Plugin, actor.Version, actor.Digest)
	}
	return b.String()
}
