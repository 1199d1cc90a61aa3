package store

import (
	"context"
	"time"
)

// Store is an open database with its schema migrated.
type Store interface {
	Catalog
	Locations
	KV
	Sessions

	// Backend returns "sqlite" or "postgres".
	Backend() string
	// Ping reports whether the database answers. Fault: Unavailable.
	Ping(ctx context.Context) error
	// SizeBytes returns the bytes that the database takes.
	SizeBytes(ctx context.Context) (int64, error)
	// Close waits for writes under way and closes the database.
	Close() error
}

// EntityRow is one processed entity, in its last good version.
type EntityRow struct {
	Ref       string // canonical
	UID       string // UUID; never changes while the entity lives
	Kind      string // as written
	Namespace string
	Name      string
	ETag      string // changes with Body, Status and relations
	Provider  string // the bucket that owns it: "config", "registered", "plugin:<id>"
	Location  string // "file:/…/x.yaml", the descriptor
	Origin    string // the location that started the chain
	Digest    string // of the source document with its placeholders: equal = nothing to process
	Body      []byte // entity as JSON, uid and etag in it, without relations and status
	Status    []byte // JSON array of status items; nil = healthy
	Orphan    bool
	Revision  uint64    // set by Apply
	UpdatedAt time.Time // when Body, Status or relations last changed
}

// RelationRow is one relation. DeclaredBy is the ref of the entity whose
// descriptor or processor made it; both directions are stored.
type RelationRow struct {
	Source     string
	Type       string
	Target     string
	DeclaredBy string
}

// SourceRow is what is known of one location that is read: a file or a URL.
type SourceRow struct {
	Location  string // "file:/…/x.yaml"
	ETag      string // of the reader: skip when unchanged
	Digest    string // sha256 of the content
	Error     string // why the last read failed; empty = it worked
	Entities  int
	CheckedAt time.Time
	NextAt    time.Time // when it is due again
}

// Batch is a set of changes that become visible together or not at all.
type Batch struct {
	Upsert []EntityRow
	Delete []string // refs; their relations and references go with them
	// Relations replaces everything that the key declared.
	Relations map[string][]RelationRow
	// References replaces the liveness edges of the key (a provider bucket
	// "provider:config" or an entity ref): the refs that it keeps alive.
	References  map[string][]string
	Sources     []SourceRow
	DropSources []string
}

// Reference is one liveness edge.
type Reference struct{ Source, Target string }

// Change is one entry of the change feed.
type Change struct {
	Revision uint64
	Ref      string
	Deleted  bool
	At       time.Time
}

// Catalog stores entities and what connects them.
type Catalog interface {
	// ApplyCatalog writes the batch in one transaction and returns the new
	// catalog revision, which each changed row carries. Nothing is written on
	// error. Faults: Conflict (uid taken), Unavailable.
	ApplyCatalog(ctx context.Context, b Batch) (uint64, error)
	// LoadEntities calls each for every entity, in no order. The row's slices
	// belong to the callee. It stops at the first error and returns it.
	LoadEntities(ctx context.Context, each func(EntityRow) error) error
	LoadRelations(ctx context.Context, each func(RelationRow) error) error
	LoadReferences(ctx context.Context, each func(Reference) error) error
	LoadSources(ctx context.Context, each func(SourceRow) error) error
	// GetEntities returns the rows of refs; absent ones are left out.
	GetEntities(ctx context.Context, refs []string) ([]EntityRow, error)
	// CatalogRevision returns the newest revision, 0 for an empty catalog.
	CatalogRevision(ctx context.Context) (uint64, error)
	// CatalogChanges returns changes after a revision, oldest first.
	CatalogChanges(ctx context.Context, after uint64, limit int) ([]Change, error)
}

// LocationRow is a registered location.
type LocationRow struct {
	ID        string // UUID
	Type      string
	Target    string
	CreatedAt time.Time
	CreatedBy string // subject ref
}

// Locations stores what was registered through the API.
type Locations interface {
	// AddLocation stores a location. Fault: Conflict (type and target exist).
	AddLocation(ctx context.Context, l LocationRow) error
	ListLocations(ctx context.Context) ([]LocationRow, error)
	// DeleteLocation removes a location. Fault: NotFound.
	DeleteLocation(ctx context.Context, id string) error
}

// KVRow is one value of a plugin. Revision grows with each write of a key and
// never repeats for it, deletions in between included.
type KVRow struct {
	Key       string
	Value     []byte
	Revision  uint64
	ExpiresAt time.Time // zero = never
}

// KVWrite is one write of a batch.
type KVWrite struct {
	Key        string
	Value      []byte // nil with Delete
	Delete     bool
	ExpiresAt  time.Time
	Compare    bool
	IfRevision uint64 // with Compare: the revision the key must have, 0 = absent
}

// KV stores plugins' values, each installation in a namespace of its own.
// Expired rows are absent to every method; Sweep removes them.
type KV interface {
	// KVGet returns one value. Fault: NotFound.
	KVGet(ctx context.Context, installation, key string) (KVRow, error)
	// KVApply performs all writes or none, and returns the rows' new
	// revisions in order. quota bounds the sum of key and value bytes of the
	// installation after the writes. Faults: Conflict (a comparison failed,
	// the message names the key), Exhausted (quota).
	KVApply(ctx context.Context, installation string, quota int64, writes []KVWrite) ([]uint64, error)
	// KVScan returns rows with the prefix in byte order of keys after after.
	KVScan(ctx context.Context, installation, prefix, after string, limit int) ([]KVRow, error)
	// KVUsage returns the bytes that the installation uses.
	KVUsage(ctx context.Context, installation string) (int64, error)
	// KVSweep deletes expired rows and returns how many.
	KVSweep(ctx context.Context) (int, error)
}

// SessionRow is one signed-in browser. ID is the sha256 of the cookie's value,
// so that reading the table lets nobody in.
type SessionRow struct {
	ID        string
	Subject   string // entity ref
	Issuer    string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Sessions stores user_sessions.
type Sessions interface {
	PutSession(ctx context.Context, s SessionRow) error
	// GetSession returns a live session. Fault: NotFound (absent or expired).
	GetSession(ctx context.Context, id string) (SessionRow, error)
	DeleteSession(ctx context.Context, id string) error
	SweepSessions(ctx context.Context) (int, error)
}
