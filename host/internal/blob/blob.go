package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Config is what a Store needs.
type Config struct {
	Rows    store.Blobs
	Backend Backend
	Now     func() time.Time
	Random  io.Reader    // names of contents are made of it
	Log     *slog.Logger // default: none

	// Keep is how long content stays after its last key went, for calls that
	// still read it; default 15 min, which no call outlives.
	Keep time.Duration
	// Upload is how long a put may take before it is given up; default 1 h.
	Upload time.Duration
}

// Store keeps blobs: rows in the database, content in the backend. It is safe
// for concurrent use, also by several replicas on one database and backend.
type Store struct{ config Config }

// New returns a Store.
func New(c Config) *Store {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Keep == 0 {
		c.Keep = 15 * time.Minute
	}
	if c.Upload == 0 {
		c.Upload = time.Hour
	}
	return &Store{config: c}
}

// Put is one blob to be kept.
type Put struct {
	Installation string
	Key          string
	MediaType    string
	Metadata     []byte // JSON object of text
	Content      io.ReaderAt
	Size         int64
	Quota        int64 // of the installation in bytes; negative = none
	Compare      bool
	IfRevision   uint64 // with Compare: the revision that the key must have, 0 = absent
}

// Put keeps a blob and returns its row. When it fails, what was under the key
// is there as before. Faults: Conflict (the comparison failed), Exhausted
// (quota), Unavailable (no room left, no answer), Timeout, and those of
// reading the content.
func (s *Store) Put(ctx context.Context, p Put) (store.BlobRow, error) {
	if p.Compare {
		// Told before the bytes go out; the commit compares again.
		if err := s.compare(ctx, p); err != nil {
			return store.BlobRow{}, err
		}
	}
	name, err := s.name()
	if err != nil {
		return store.BlobRow{}, err
	}
	upload := store.BlobUpload{Content: name, Installation: p.Installation, Key: p.Key, Size: p.Size}
	if err := s.config.Rows.BeginBlob(ctx, upload, p.Quota); err != nil {
		return store.BlobRow{}, err //nolint:wrapcheck // a fault with the message for the client
	}
	row, err := s.write(ctx, p, upload)
	if err != nil {
		// The call may be over; what it leaves behind should not wait for the hour.
		if aborted := s.config.Rows.AbortBlob(context.WithoutCancel(ctx), name); aborted != nil {
			s.config.Log.WarnContext(ctx, "a failed upload waits for the sweep", "content", name, "error", aborted)
		}
		return store.BlobRow{}, err
	}
	return row, nil
}

func (s *Store) write(ctx context.Context, p Put, upload store.BlobUpload) (store.BlobRow, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(p.Content, 0, p.Size)); err != nil {
		return store.BlobRow{}, fmt.Errorf("reading the content of %q: %w", p.Key, err)
	}
	if err := s.config.Backend.Write(ctx, upload.Content, p.Content, p.Size); err != nil {
		return store.BlobRow{}, fmt.Errorf("writing the content of %q: %w", p.Key, err)
	}
	row, err := s.config.Rows.CommitBlob(ctx, store.BlobWrite{
		Upload: upload, Digest: hex.EncodeToString(hash.Sum(nil)), MediaType: p.MediaType, Metadata: p.Metadata,
		Compare: p.Compare, IfRevision: p.IfRevision,
	}, p.Quota)
	if err != nil {
		return store.BlobRow{}, err //nolint:wrapcheck // a fault with the message for the client
	}
	return row, nil
}

func (s *Store) compare(ctx context.Context, p Put) error {
	row, err := s.config.Rows.GetBlob(ctx, p.Installation, p.Key)
	switch {
	case fault.Is(err, fault.NotFound) && p.IfRevision == 0:
		return nil
	case fault.Is(err, fault.NotFound):
		return fault.New(fault.Conflict, "key %q is absent, not at revision %d", p.Key, p.IfRevision)
	case err != nil:
		return err //nolint:wrapcheck // a fault with the message for the client
	case row.Revision != p.IfRevision:
		return fault.New(fault.Conflict, "key %q is at revision %d, not %d", p.Key, row.Revision, p.IfRevision)
	}
	return nil
}

// name returns a name that no content has: 128 random bits.
func (s *Store) name() (string, error) {
	var b [NameLength / 2]byte
	if _, err := io.ReadFull(s.config.Random, b[:]); err != nil {
		return "", fmt.Errorf("naming a content: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// Stat returns the row of a blob. Fault: NotFound.
func (s *Store) Stat(ctx context.Context, installation, key string) (store.BlobRow, error) {
	return s.config.Rows.GetBlob(ctx, installation, key) //nolint:wrapcheck // a fault with the message for the client
}

// Open returns the content of a row to read. A blob that was deleted since the
// row was read stays readable for as long as the store keeps garbage. Faults:
// NotFound, Unavailable.
func (s *Store) Open(ctx context.Context, row store.BlobRow) (Content, error) {
	content, err := s.config.Backend.Open(ctx, row.Content)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, fault.New(fault.Internal, "the content %s of blob %q is not in the %s backend", row.Content, row.Key, s.config.Backend.Name())
	case err != nil:
		return nil, fmt.Errorf("opening blob %q: %w", row.Key, err)
	case content.Size() != row.Size:
		_ = content.Close()
		return nil, fault.New(fault.Internal, "the content %s of blob %q has %d bytes, not %d", row.Content, row.Key, content.Size(), row.Size)
	}
	return content, nil
}

// List returns at most limit rows with a prefix, in byte order of keys, after
// a key. Fault: Invalid (limit below 1).
func (s *Store) List(ctx context.Context, installation, prefix, after string, limit int) ([]store.BlobRow, error) {
	return s.config.Rows.ListBlobs(ctx, installation, prefix, after, limit) //nolint:wrapcheck // a fault with the message for the client
}

// Delete removes a blob; deleting what is absent is no fault. Fault: Conflict
// (the comparison failed).
func (s *Store) Delete(ctx context.Context, installation, key string, compare bool, ifRevision uint64) error {
	return s.config.Rows.DeleteBlob(ctx, installation, key, compare, ifRevision) //nolint:wrapcheck // a fault with the message for the client
}

// Usage returns the bytes that an installation uses.
func (s *Store) Usage(ctx context.Context, installation string) (int64, error) {
	return s.config.Rows.BlobUsage(ctx, installation) //nolint:wrapcheck // a fault with the message for the client
}
