package store

import (
	"context"
	"time"
)

// BucketRow is what one bucket of the catalog holds. Revision changes with
// every change of it, and is never one that the bucket had before.
type BucketRow struct {
	Bucket   string // "plugin:ci", "plugin:ci/repositories"
	Owner    string // installation of the plugin
	Revision uint64
	Entities int
	Bytes    int64 // of their texts
}

// ProvidedRow is one descriptor as a plugin brought it.
type ProvidedRow struct {
	Ref  string // canonical
	Text []byte // one JSON document
}

// ProvidedBatch is a change of one bucket.
type ProvidedBatch struct {
	Bucket      string
	Owner       string // installation of the plugin; what another one had in the bucket goes
	Full        bool   // what is not in Upsert goes
	Upsert      []ProvidedRow
	Remove      []string // refs; absent ones are passed over
	MaxEntities int      // of the bucket afterwards
	MaxBytes    int64
	MaxBuckets  int // of the owner, those that are empty by now included; 0 = any number
}

// Provided stores what plugins bring to the catalog.
type Provided interface {
	// ApplyProvided changes a bucket, all or nothing. Faults: Exhausted (the
	// bucket would hold more than it may, or the owner have more buckets),
	// Invalid (a ref twice).
	ApplyProvided(ctx context.Context, b ProvidedBatch) (BucketRow, error)
	// ListBuckets returns the buckets that hold something, by name.
	ListBuckets(ctx context.Context) ([]BucketRow, error)
	// LoadProvided returns a bucket and its rows by ref; one that is absent has
	// none. Fault: Unavailable.
	LoadProvided(ctx context.Context, bucket string) (BucketRow, []ProvidedRow, error)
	// LoadProvidedChanges is LoadProvided of the rows whose text is not what it
	// was at a revision of the bucket, and of those of refs. What went since is
	// not told; the number of Entities shows that something did.
	LoadProvidedChanges(ctx context.Context, bucket string, after uint64, refs []string) (BucketRow, []ProvidedRow, error)
	// ListProvided returns the refs in a bucket, sorted.
	ListProvided(ctx context.Context, bucket string) ([]string, error)
	// DropProvided empties the buckets of an owner and returns how many there were.
	DropProvided(ctx context.Context, owner string) (int, error)
}

// UseRow is what one plugin used of one operation. Rows that are added carry
// what came to it since.
type UseRow struct {
	Plugin     string
	Capability string
	Operation  string // "kv.get/1"; empty for an operation that is none
	Uses       uint64
	Denied     uint64
	UsedAt     time.Time // zero = never
	DeniedAt   time.Time
}

// ExtentRow is one thing that a plugin reached through a capability: a kind, a
// host, a prefix.
type ExtentRow struct {
	Plugin     string
	Capability string
	Extent     string // "kind component"
	UsedAt     time.Time
}

// Uses stores what plugins use of what they were granted.
type Uses interface {
	// AddUses adds to the rows of the same plugin, capability and operation,
	// and notes the extents.
	AddUses(ctx context.Context, uses []UseRow, extents []ExtentRow) error
	// ListUses returns what a plugin used, by capability, then by operation or extent.
	ListUses(ctx context.Context, plugin string) ([]UseRow, []ExtentRow, error)
	// DropUses forgets what a plugin used.
	DropUses(ctx context.Context, plugin string) error
}
