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
	Resolve(base source.Location, kind, target string) (source.Location, error)
	Links(l source.Location) source.Links
}

// Pushable is an optional Reader: it knows what a push to a source host may
// have changed. source.Reader implements it.
type Pushable interface {
	Touches(p source.Push, l source.Location) bool
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
	// Batch is how many entities it wants to see in one call, at most; 0 = 100.
	Batch() int
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
	Sources    string // changes when Reader may resolve and link otherwise; source.Reader's Version
	Processors []Processor
	Provided   store.Provided // what plugins bring; nil = nothing

	Replicas store.Replicas // other processes use the store, too; nil = this one is alone
	Owner    string         // names this process to them

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
	Origin      int           // entities that one configured or registered location leads to; default 200,000
	Provided    int           // entities of one bucket of a plugin; default 200,000
	Bytes       int64         // of the descriptors of one bucket; default 256 MiB
	EntityBytes int           // of one entity as JSON; default 16 MiB
	ReadTimeout time.Duration // of one read; default 30 s
	Quiet       time.Duration // after a file event, for the writer to finish; default 100 ms
	Publishing  time.Duration // between two publications; default 250 ms
	Beat        time.Duration // between two signs of life of a replica; default 250 ms
	Lead        time.Duration // how long a leader may be silent; default 3 s
	Readers     int           // sources that are read at once; default 16
	Reading     time.Duration // after which a pass leaves sources that nobody asked for to the next one; default 2 s
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
	count := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	count(&l.Depth, 16)
	count(&l.Targets, 10_000)
	count(&l.EntityBytes, 16<<20)
	count(&l.Origin, 200_000)
	count(&l.Provided, 200_000)
	count(&l.Readers, 16)
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	set(&l.Reading, 2*time.Second)
	set(&l.ReadTimeout, 30*time.Second)
	set(&l.Quiet, 100*time.Millisecond)
	set(&l.Publishing, 250*time.Millisecond)
	set(&l.Beat, 250*time.Millisecond)
	set(&l.Lead, 3*time.Second)
	return l
}
