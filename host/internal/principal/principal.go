package principal

import (
	"slices"
	"strings"
)

// Kind is what sort of principal a subject is.
type Kind uint8

// The kinds of subject. None is a request without credentials.
const (
	None Kind = iota
	User
	Service
	Plugin
)

// String returns the kind's stable name.
func (k Kind) String() string {
	return [...]string{"none", "user", "service", "plugin"}[k]
}

// Subject is the one a call is made for. It is keyed by the immutable pair
// (Issuer, ID); Ref is its entity ref and may change hands.
type Subject struct {
	Kind      Kind
	Issuer    string   // who vouches for it: "guest", an OIDC issuer, "callboard"
	ID        string   // the issuer's immutable id
	Ref       string   // canonical entity ref, "user:development/guest"; empty for none
	Ownership []string // canonical refs through which it owns things, itself included
}

// Actor is a plugin on the path of a call, pinned to the bytes that run.
type Actor struct {
	Plugin  string // plugin id
	Version string
	Digest  string // sha256 of the module, hex
}

// Mode says whose rights a call uses.
type Mode uint8

const (
	// AsViewer is the subject's rights, narrowed by every actor's (http, actions).
	AsViewer Mode = iota
	// AsOwn is the last actor's own grants (schedules, events, entity providers).
	AsOwn
)

// String returns "viewer" or "own".
func (m Mode) String() string {
	if m == AsOwn {
		return "own"
	}
	return "viewer"
}

// Authority is everything that decides what a call may do. It is a value:
// the methods return changed copies and never touch the receiver's slices.
type Authority struct {
	Subject Subject
	Actors  []Actor // the path, outermost first
	Mode    Mode
	// Cause is the path that led to a plugin acting for itself. It counts for
	// depth, for re-entry and for audit, and never for rights.
	Cause []Actor
}

// Through returns the authority of a call that passes through one more plugin.
func (a Authority) Through(actor Actor) Authority {
	a.Actors = append(slices.Clone(a.Actors), actor)
	return a
}

// Own returns the authority of a plugin acting for itself, keeping no subject
// of the call that caused it: causes are for audit, never for authority.
func Own(actor Actor) Authority {
	return Authority{
		Subject: Subject{Kind: Plugin, Issuer: "callboard", ID: actor.Plugin, Ref: "plugin:" + actor.Plugin},
		Actors:  []Actor{actor},
		Mode:    AsOwn,
	}
}

// AsPlugin returns the authority under which the innermost plugin calls
// another one for itself: it becomes the subject, and what it may do is what
// its own rights allow. Without any actor it is the authority itself.
func (a Authority) AsPlugin() Authority {
	actor, ok := a.Actor()
	if !ok {
		return a
	}
	own := Own(actor)
	own.Mode = AsViewer
	own.Cause = slices.Concat(a.Cause, a.Actors[:len(a.Actors)-1])
	return own
}

// Path returns every plugin that led here, outermost first, the cause included.
func (a Authority) Path() []Actor { return slices.Concat(a.Cause, a.Actors) }

// Actor returns the innermost actor, the plugin that is running, if any.
func (a Authority) Actor() (Actor, bool) {
	if len(a.Actors) == 0 {
		return Actor{}, false
	}
	return a.Actors[len(a.Actors)-1], true
}

// Key identifies the authority in cache keys and handle checks: equal keys
// read the same things.
func (a Authority) Key() string {
	var b strings.Builder
	b.WriteString(a.Mode.String())
	b.WriteByte('|')
	b.WriteString(a.Subject.Kind.String())
	b.WriteByte('|')
	b.WriteString(a.Subject.Issuer)
	b.WriteByte('|')
	b.WriteString(a.Subject.ID)
	for _, actor := range a.Actors {
		b.WriteByte('|')
		b.WriteString(actor.Plugin)
		b.WriteByte('@')
		b.WriteString(actor.Digest)
	}
	return b.String()
}

// Covers reports whether something read under a may be shown to a call that
// runs under to. Without policy the rule is: what was read for a viewer goes
// to the same subject only, and what a plugin read with its own rights goes
// only to a call in which that plugin acts for itself.
func (a Authority) Covers(to Authority) bool {
	if a.Mode != to.Mode {
		return false
	}
	return a.Subject.Kind == to.Subject.Kind && a.Subject.Issuer == to.Subject.Issuer && a.Subject.ID == to.Subject.ID
}

// Viewer is the face of an authority that readers take. There is no way to
// read the catalog without one.
type Viewer struct{ authority Authority }

// ViewerOf returns the viewer that reads with a's rights.
func ViewerOf(a Authority) Viewer { return Viewer{authority: a} }

// Authority returns what the viewer was made from.
func (v Viewer) Authority() Authority { return v.authority }

// Key identifies what the viewer may see, for cache keys.
func (v Viewer) Key() string { return v.authority.Key() }

// Guest is the subject of a request in development, where the guest provider
// signs everybody in. ref is the persona's entity ref; ownership its groups.
func Guest(ref string, ownership ...string) Authority {
	return Authority{Subject: Subject{
		Kind: User, Issuer: "guest", ID: ref, Ref: ref,
		Ownership: append([]string{ref}, ownership...),
	}}
}

// System is the host acting for itself: start-up, ingestion, health checks.
func System() Authority {
	return Authority{Subject: Subject{Kind: Service, Issuer: "callboard", ID: "host"}, Mode: AsOwn}
}
