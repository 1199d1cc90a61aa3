package ingest

import (
	"context"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/contract"
)

// Store is the part of the store that the engine needs.
type Store interface {
	store.Catalog
	store.Locations
}

// Reader reads sources; source.Reader implements it.
type Reader interface {
	Read(ctx context.Context, req source.Request) (source.Content, error)
	Expand(ctx context.Context, l source.Location, within string) ([]source.Location, error)
}

// Clock is time, for tests to turn.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the real Clock.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// After is time.After.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Location is a location that configuration names. A file target is absolute
// or made so by the caller, relative to the file that named it.
type Location struct {
	Type   string
	Target string
	Rules  []LocationRule // beside the catalog's rules
}

// LocationRule lets kinds in from one configured location.
type LocationRule struct{ Allow []AllowedKind }

// AllowedKind is a kind, perhaps of one spec.type only; case does not matter.
type AllowedKind struct {
	Kind     string
	SpecType string // empty = any
}

// Rule lets kinds in from matching locations. Everything that no rule allows
// is refused.
type Rule struct {
	Allow     []AllowedKind // nil = every kind; empty = none
	Locations []Matcher     // nil = everywhere; empty = nowhere
}

// Matcher matches the origin of an entity. Exact and Pattern exclude each
// other; without either every target of the type matches.
type Matcher struct {
	Type    string
	Exact   string
	Pattern string // glob, case does not matter
}

// Processor is an entity processor that a plugin registered.
type Processor interface {
	Name() string    // for messages
	Version() string // changes when its answers may
	// Kinds that it wants to see, in lower case; none = all.
	Kinds() []string
	// FailOpen says that entities go on without it when it fails or answers
	// what it may not, with a status item that says so.
	FailOpen() bool
	Process(ctx context.Context, req contract.ProcessRequest) (contract.ProcessReply, error)
}

// What becomes of an entity that nothing emits any more.
const (
	OrphansDelete = "delete"
	OrphansKeep   = "keep"
)

// Config is what the engine needs. Fields with a default may be left zero.
type Config struct {
	Store      Store
	Publisher  catalog.Publisher
	Model      *model.Model
	Reader     Reader
	Processors []Processor
	Provided   store.Provided // what plugins bring; nil = nothing

	Locations []Location
	Rules     []Rule // nil = the default: Component, API, Location
	Orphans   string // OrphansDelete (default) or OrphansKeep
	ReadOnly  bool   // nobody registers or removes anything through the API

	Interval time.Duration // between refreshes of a source, the next in 1 to 1.5 times of it; default 1 h
	Watch    bool          // watch local files for changes
	Workers  int           // default: the number of CPUs
	Limits   Limits

	Clock Clock          // default SystemClock
	Rand  func() float64 // in [0,1); default math/rand/v2
	IDs   func() string  // new UUIDs; default random
	Log   *slog.Logger   // default: none
}

// Limits bound what locations may cost. Zero fields take their default.
type Limits struct {
	Descriptor  descriptor.Limits
	Depth       int           // of Location entities naming others; default 16
	Targets     int           // sources of one Location entity; default 10,000
	EntityBytes int           // of one entity as JSON; default 16 MiB
	ReadTimeout time.Duration // of one read; default 30 s
	Quiet       time.Duration // after a file event, for the writer to finish; default 100 ms
	Publishing  time.Duration // between two publications; default 250 ms
}

func (l Limits) withDefaults() Limits {
	if l.Descriptor == (descriptor.Limits{}) {
		l.Descriptor = descriptor.DefaultLimits()
	}
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	if l.Depth == 0 {
		l.Depth = 16
	}
	if l.Targets == 0 {
		l.Targets = 10_000
	}
	if l.EntityBytes == 0 {
		l.EntityBytes = 16 << 20
	}
	set(&l.ReadTimeout, 30*time.Second)
	set(&l.Quiet, 100*time.Millisecond)
	set(&l.Publishing, 250*time.Millisecond)
	return l
}
