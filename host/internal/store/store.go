package store

import (
	"context"
	"time"
)

// Store is an open database with its schema migrated. It is safe for use by
// many goroutines.
//
// Promises of every method of every backend:
//   - It writes everything it was asked to, or nothing. The one doubt is a
//     connection that breaks while the commit is under way: the answer is then
//     Unavailable, and the write happened as a whole or not at all.
//   - Unavailable means that the database does not answer, is locked by
//     another, or has no room left: trying again later is right. Timeout means
//     that the deadline of ctx or the statement timeout passed.
//   - Strings are UTF-8 without NUL, for PostgreSQL's text holds no other:
//     Invalid names the field that is not. Bytes, and the keys of KV, are any
//     bytes.
//   - Times come back in UTC, to the microsecond; the zero time stays zero.
type Store interface {
	Catalog
	History
	Locations
	KV
	Sessions
	Plugins
	Blobs
	Provided
	Uses
	Events
	Schedules
	Tasks
	Keys

	// Backend returns "sqlite" or "postgres".
	Backend() string
	// Ping reports whether the database answers. Fault: Unavailable.
	Ping(ctx context.Context) error
	// SizeBytes returns the bytes that the database takes.
	SizeBytes(ctx context.Context) (int64, error)
	// Close waits for calls under way and closes the database. Calls after it
	// are Unavailable.
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
	// RefreshKeys name what else the entity was made of: whoever knows that one
	// of these changed has it made again.
	RefreshKeys []string
	Revision    uint64    // set by Apply
	UpdatedAt   time.Time // when Body, Status or relations last changed
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
	Error     string // why the last read failed; empty = it worked; what is not UTF-8, and NUL, come back as U+FFFD
	Entities  int
	CheckedAt time.Time
	NextAt    time.Time // when it is due again
}

// Batch is a set of changes that become visible together or not at all.
// Deletions come first, so that a batch may hand a uid to another ref, or
// replace an entity by naming its ref in both.
type Batch struct {
	Upsert []EntityRow
	// Delete removes entities by ref, and with them what they declared: the
	// relations and the references under the same key. What others declared
	// about them stays. Absent refs are passed over.
	Delete []string
	// Relations replaces everything that the key declared; an empty list
	// removes it. DeclaredBy of the rows is the key, or empty.
	Relations map[string][]RelationRow
	// References replaces the liveness edges of the key (a provider bucket
	// "provider:config" or an entity ref): the refs that it keeps alive.
	References  map[string][]string
	Sources     []SourceRow
	DropSources []string
	// Announce is the topic of the host's events about each entity in Upsert
	// and Delete, with its ref and new revision; empty = none. Nobody who
	// listens to the topic means that none is written.
	Announce string
	// Record is the history of the batch; nil = none is written.
	Record *Record
	// Epoch is that of the lead under which the batch was made; 0 = whoever
	// leads. Fault of a batch of another epoch: ErrFenced.
	Epoch uint64
}

// Reference is one liveness edge.
type Reference struct{ Source, Target string }

// Change is one entry of the change feed. The feed holds the newest change of
// each ref: a follower sees where a ref is, not every step on its way there.
type Change struct {
	Revision uint64
	Ref      string
	Deleted  bool
	At       time.Time // when it was written, by the clock of the writer
}

// Catalog stores entities and what connects them.
type Catalog interface {
	// ApplyCatalog writes the batch in one transaction and returns the new
	// catalog revision, which each changed row carries. A batch without Upsert,
	// Delete and Relations leaves the revision as it is, and returns it.
	// Revisions grow in the order in which batches become visible, whatever
	// the number of writers, and never repeat. Nothing is written on error.
	// Faults: Conflict (the uid belongs to another ref, or the ref lives under
	// another uid), Invalid (a ref twice in Upsert, text that is not UTF-8),
	// Unavailable.
	ApplyCatalog(ctx context.Context, b Batch) (uint64, error)
	// LoadEntities calls each for every entity, in no order and from one
	// goroutine. The row's slices belong to the callee. It stops at the first
	// error and returns it. What it reads is one moment's state; the four
	// loads may run at once, and see the same moment if nobody writes.
	// The callee must not write to the store.
	LoadEntities(ctx context.Context, each func(EntityRow) error) error
	// LoadRelations works as LoadEntities. Relations of one declarer come
	// together and in the order in which they were written; their strings
	// share one piece of memory.
	LoadRelations(ctx context.Context, each func(RelationRow) error) error
	// LoadReferences works as LoadRelations.
	LoadReferences(ctx context.Context, each func(Reference) error) error
	// LoadSources works as LoadEntities.
	LoadSources(ctx context.Context, each func(SourceRow) error) error
	// GetEntities returns the rows of refs, in no order; absent ones are left out.
	GetEntities(ctx context.Context, refs []string) ([]EntityRow, error)
	// CatalogRevision returns the newest revision, 0 for an empty catalog.
	CatalogRevision(ctx context.Context) (uint64, error)
	// CatalogChanges returns changes after a revision, oldest first. A page
	// ends with the end of a revision, so it may be longer than limit: the
	// last change's revision is where the next page starts. Fault: Invalid
	// (limit below 1).
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
	// AddLocation stores a location. Fault: Conflict (the id, or the type and
	// target, exist).
	AddLocation(ctx context.Context, l LocationRow) error
	// ListLocations returns all locations, oldest first, then by id.
	ListLocations(ctx context.Context) ([]LocationRow, error)
	// DeleteLocation removes a location and remembers that it was there, when
	// it went (by the store's clock), who removed it and through which plugin.
	// Fault: NotFound.
	DeleteLocation(ctx context.Context, id, subject, plugin string) error
	// ListDeletedLocations returns locations that were removed and are not
	// registered again, the last removed first, then by id. Fault: Invalid
	// (limit below 1).
	ListDeletedLocations(ctx context.Context, limit int) ([]DeletedLocationRow, error)
	// RestoreLocation registers a removed location again, under its id, as
	// created now by subject. Faults: NotFound, Conflict (the type and target
	// are registered).
	RestoreLocation(ctx context.Context, id, subject string) (LocationRow, error)
	// SweepDeletedLocations forgets those that were removed before a moment,
	// and returns how many.
	SweepDeletedLocations(ctx context.Context, before time.Time) (int, error)
}

// KVRow is one value of a plugin. Revision grows with each write of a key and
// never repeats for it, deletions in between included. Keys are any bytes.
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

// KVQuery selects values by key.
type KVQuery struct {
	Prefix   string
	After    string // exclusive; empty = from the first key, with Reverse from the last
	Limit    int
	Reverse  bool // from the last key to the first, those below After
	KeysOnly bool // rows without values
	// MaxBytes ends a page once its values have more bytes than that; 0 = no
	// bound. A page has one row at least.
	MaxBytes int
}

// KV stores plugins' values, each installation in a namespace of its own.
// Expired rows are absent to every method; Sweep removes them.
type KV interface {
	// KVGet returns one value. Fault: NotFound.
	KVGet(ctx context.Context, installation, key string) (KVRow, error)
	// KVApply performs all writes or none, in order, so that a later write of
	// a key compares with the earlier one. It returns the keys' new revisions
	// in the order of writes, 0 for a deletion; deleting an absent key is no
	// fault. quota bounds the sum of key and value bytes of the installation
	// after the writes; writes that do not add bytes pass whatever the quota,
	// and a negative quota is no bound. Faults: Conflict (a comparison failed,
	// the message names the key), Exhausted (quota).
	KVApply(ctx context.Context, installation string, quota int64, writes []KVWrite) ([]uint64, error)
	// KVGetMany returns the values of keys, in no order; absent ones are left
	// out. Fault: Exhausted (the values have more than maxBytes).
	KVGetMany(ctx context.Context, installation string, keys []string, maxBytes int) ([]KVRow, error)
	// KVScan returns the rows that a query selects, in byte order of keys, and
	// whether it stopped before the last of them. Fault: Invalid (limit below 1).
	KVScan(ctx context.Context, installation string, q KVQuery) (rows []KVRow, more bool, err error)
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
	// PutSession stores a session, or replaces the one of its id.
	PutSession(ctx context.Context, s SessionRow) error
	// GetSession returns a live session. Fault: NotFound (absent or expired).
	GetSession(ctx context.Context, id string) (SessionRow, error)
	// DeleteSession removes a session; an absent one is no fault.
	DeleteSession(ctx context.Context, id string) error
	// SweepSessions deletes expired sessions and returns how many.
	SweepSessions(ctx context.Context) (int, error)
}
