package store

import (
	"context"
	"time"
)

// BlobRow is one blob of a plugin: a key, and the content under it. Keys are
// any bytes. Revision grows with each write of a key and never repeats for it,
// deletions in between included.
type BlobRow struct {
	Key       string
	Digest    string // sha256 of the content, lower-case hex
	Content   string // what the blob backend keeps it as; set by CommitBlob
	Size      int64
	MediaType string
	Metadata  []byte // JSON object of text; nil = none
	Revision  uint64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// BlobUpload is content on its way to the blob backend. The row comes first,
// so that whatever becomes of the writer its content is known.
type BlobUpload struct {
	Content      string // a name that no other content has or had
	Installation string
	Key          string // that it is meant for
	Size         int64
}

// BlobWrite makes an uploaded content the blob of a key.
type BlobWrite struct {
	Upload     BlobUpload
	Digest     string
	MediaType  string
	Metadata   []byte
	Compare    bool
	IfRevision uint64 // with Compare: the revision the key must have, 0 = absent
}

// Blobs stores what plugins' blobs are called and which content they have. The
// content itself is the blob backend's. Each content is in exactly one of three
// places: an upload, a blob, or the garbage, which is what the backend may
// delete. It moves from one to the next in a transaction, so that no content
// of a blob is ever deleted and none is forgotten.
type Blobs interface {
	// BeginBlob notes an upload and reserves its size. quota bounds the sum of
	// the installation's blobs and uploads; what is no larger than the blob it
	// replaces passes whatever the quota, and a negative quota is no bound.
	// Faults: Exhausted (quota), Conflict (the name of the content is taken).
	BeginBlob(ctx context.Context, u BlobUpload, quota int64) error
	// CommitBlob makes the upload the blob of its key and returns the row. If
	// the installation has the content already, that one is used and the
	// upload becomes garbage; so does the content that was there before, once
	// no key has it. Faults: Conflict (the comparison failed), Exhausted
	// (quota), Unavailable (the upload was given up meanwhile). The upload
	// stays with a fault.
	CommitBlob(ctx context.Context, w BlobWrite, quota int64) (BlobRow, error)
	// AbortBlob makes an upload garbage. Content that is no upload, because it
	// was committed or is garbage already, stays where it is.
	AbortBlob(ctx context.Context, content string) error
	// GetBlob returns one blob. Fault: NotFound.
	GetBlob(ctx context.Context, installation, key string) (BlobRow, error)
	// ListBlobs returns at most limit blobs with the prefix in byte order of
	// keys, those after after; an empty after starts at the first key. Fault:
	// Invalid (limit below 1).
	ListBlobs(ctx context.Context, installation, prefix, after string, limit int) ([]BlobRow, error)
	// DeleteBlob removes a key, with compare only at the revision; 0 = absent.
	// Deleting what is absent is no fault. Fault: Conflict (the comparison failed).
	DeleteBlob(ctx context.Context, installation, key string, compare bool, ifRevision uint64) error
	// BlobUsage returns the bytes of the installation's blobs. Two keys with
	// the same content count twice.
	BlobUsage(ctx context.Context, installation string) (int64, error)

	// ExpireBlobUploads makes garbage of uploads begun before a moment, and
	// returns how many.
	ExpireBlobUploads(ctx context.Context, before time.Time) (int, error)
	// BlobGarbage returns at most limit contents that became garbage before a
	// moment, the oldest first. Fault: Invalid (limit below 1).
	BlobGarbage(ctx context.Context, before time.Time, limit int) ([]string, error)
	// ForgetBlobs removes contents from the garbage, once the backend has
	// deleted them.
	ForgetBlobs(ctx context.Context, contents []string) error
}
