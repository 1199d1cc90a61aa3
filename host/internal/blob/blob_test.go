package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/blob/local"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

const owner = "local/test"

// rig is blobs on a real database and a real folder.
type rig struct {
	*blob.Store
	t       testing.TB
	folder  string
	rows    *sqlite.Store
	backend *failing
	mu      sync.Mutex
	now     time.Time
}

// failing is a backend that fails when told to.
type failing struct {
	blob.Backend
	write, remove error
	after         bool // the write happens, and its answer is lost
	written       func()
}

func (f *failing) Write(ctx context.Context, name string, content io.ReaderAt, size int64) error {
	if f.write != nil && !f.after {
		return f.write
	}
	if err := f.Backend.Write(ctx, name, content, size); err != nil {
		return err
	}
	if f.written != nil {
		f.written()
	}
	return f.write
}

func (f *failing) Delete(ctx context.Context, name string) error {
	if f.remove != nil {
		return f.remove
	}
	return f.Backend.Delete(ctx, name)
}

func newRig(t testing.TB) *rig { return rigIn(t, t.TempDir()) }

func rigIn(t testing.TB, folder string) *rig {
	t.Helper()
	r := &rig{t: t, folder: filepath.Join(folder, "blobs"), now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(folder, "db.sqlite"), Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	content, err := local.Open(r.folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = content.Close() })
	r.rows, r.backend = db, &failing{Backend: content}
	r.Store = blob.New(blob.Config{Rows: db, Backend: r.backend, Now: r.clock, Random: rand.Reader})
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) turn(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) put(key, content string) error {
	_, err := r.Put(r.t.Context(), blob.Put{
		Installation: owner, Key: key, MediaType: "text/plain", Content: strings.NewReader(content), Size: int64(len(content)), Quota: -1,
	})
	return err
}

func (r *rig) mustPut(key, content string) {
	r.t.Helper()
	if err := r.put(key, content); err != nil {
		r.t.Fatalf("Put %s: %v", key, err)
	}
}

func (r *rig) get(key string) (string, error) {
	row, err := r.Stat(r.t.Context(), owner, key)
	if err != nil {
		return "", err
	}
	return r.read(row)
}

func (r *rig) read(row store.BlobRow) (string, error) {
	c, err := r.Open(r.t.Context(), row)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if sum := sha256.Sum256(b); err == nil && hex.EncodeToString(sum[:]) != row.Digest {
		err = fmt.Errorf("the content of %s is not what its digest says", row.Key)
	}
	return string(b), err
}

func (r *rig) want(key, content string) {
	r.t.Helper()
	if got, err := r.get(key); err != nil || got != content {
		r.t.Errorf("%s is %q, %v; want %q", key, got, err, content)
	}
}

func (r *rig) sweep() int {
	r.t.Helper()
	n, err := r.Sweep(r.t.Context())
	if err != nil {
		r.t.Fatalf("Sweep: %v", err)
	}
	return n
}

func (r *rig) files() int {
	r.t.Helper()
	n := 0
	if err := filepath.WalkDir(r.folder, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestABlobComesBack(t *testing.T) {
	r := newRig(t)
	r.mustPut("a/b", "content")
	row, err := r.Stat(t.Context(), owner, "a/b")
	if err != nil || row.Size != 7 || row.MediaType != "text/plain" || len(row.Digest) != 64 {
		t.Errorf("%+v, %v", row, err)
	}
	r.want("a/b", "content")
	r.mustPut("a/b", "other")
	r.want("a/b", "other")
	if n, err := r.Usage(t.Context(), owner); err != nil || n != 5 {
		t.Errorf("usage %d, %v", n, err)
	}
}

// The content of a blob that was replaced or deleted stays for those who read
// it, and goes when nobody can.
func TestTheSweepDeletesWhatNobodyReads(t *testing.T) {
	r := newRig(t)
	r.mustPut("k", "first")
	old, err := r.Stat(t.Context(), owner, "k")
	if err != nil {
		t.Fatal(err)
	}
	r.mustPut("k", "second")
	if n := r.sweep(); n != 0 {
		t.Errorf("%d contents were deleted at once", n)
	}
	if got, err := r.read(old); err != nil || got != "first" {
		t.Errorf("a reader of the old content gets %q, %v", got, err)
	}
	r.turn(16 * time.Minute)
	if n := r.sweep(); n != 1 || r.files() != 1 {
		t.Errorf("deleted %d, %d files are left", n, r.files())
	}
	r.want("k", "second")
	if err := r.Delete(t.Context(), owner, "k", false, 0); err != nil {
		t.Fatal(err)
	}
	r.turn(16 * time.Minute)
	if n := r.sweep(); n != 1 || r.files() != 0 {
		t.Errorf("deleted %d, %d files are left", n, r.files())
	}
}

func TestAFailedPutChangesNothingAndLeaksNothing(t *testing.T) {
	broken := fault.New(fault.Unavailable, "no room")
	for name, fails := range map[string]func(r *rig){
		"the backend refuses":               func(r *rig) { r.backend.write = broken },
		"the backend wrote and did not say": func(r *rig) { r.backend.write, r.backend.after = broken, true },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.mustPut("k", "old")
			fails(r)
			if err := r.put("k", "new content"); !fault.Is(err, fault.Unavailable) {
				t.Errorf("Put: %v", err)
			}
			r.backend.write = nil
			r.want("k", "old")
			r.turn(2 * time.Hour)
			r.sweep()
			if r.files() != 1 {
				t.Errorf("%d files are left, want that of the old content", r.files())
			}
			r.mustPut("k", "new content")
			r.want("k", "new content")
		})
	}
}

func TestContentOfAnUploadThatWasGivenUpIsDeleted(t *testing.T) {
	r := newRig(t)
	r.backend.written = func() {
		r.turn(2 * time.Hour)
		r.sweep()
	}
	if err := r.put("k", "late"); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "put it again") {
		t.Errorf("an upload of two hours: %v", err)
	}
	r.backend.written = nil
	r.turn(time.Hour)
	r.sweep()
	if r.files() != 0 {
		t.Errorf("%d files are left", r.files())
	}
	if _, err := r.get("k"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the key has a blob: %v", err)
	}
}

func TestASweepThatIsCutOffGoesOn(t *testing.T) {
	r := newRig(t)
	for i := range 130 {
		r.mustPut("k", fmt.Sprint("content ", i))
	}
	r.turn(time.Hour)
	r.backend.remove = fault.New(fault.Unavailable, "no answer")
	if _, err := r.Sweep(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Sweep: %v", err)
	}
	r.backend.remove = nil
	if n := r.sweep(); n != 129 || r.files() != 1 {
		t.Errorf("deleted %d, %d files are left", n, r.files())
	}
	r.want("k", "content 129")
}

// Putting what is just being deleted is the race of every content-addressed
// store: here the sweep runs between all steps.
func TestPutsAndSweepsAtOnce(t *testing.T) {
	r := newRig(t)
	r.Store = blob.New(blob.Config{Rows: r.rows, Backend: r.backend, Now: r.clock, Random: rand.Reader, Keep: time.Nanosecond, Upload: time.Hour})
	stop := make(chan struct{})
	var sweeping, writing sync.WaitGroup
	for range 2 {
		sweeping.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					r.turn(time.Millisecond)
					if _, err := r.Sweep(t.Context()); err != nil {
						t.Errorf("Sweep: %v", err)
						return
					}
				}
			}
		})
	}
	for i := range 4 {
		writing.Go(func() {
			key := fmt.Sprint("k", i)
			for range 10 {
				if err := r.put(key, "the same for all"); err != nil {
					t.Errorf("Put: %v", err)
				}
				if got, err := r.get(key); err != nil || got != "the same for all" {
					t.Errorf("%s is %q, %v", key, got, err)
				}
				if err := r.Delete(t.Context(), owner, key, false, 0); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	sweeping.Wait()
	r.turn(time.Hour)
	r.sweep()
	if r.files() != 0 {
		t.Errorf("%d files are left", r.files())
	}
}

func TestComparisonsAreToldBeforeBytesGoOut(t *testing.T) {
	r := newRig(t)
	wrote := false
	r.backend.written = func() { wrote = true }
	_, err := r.Put(t.Context(), blob.Put{Installation: owner, Key: "k", Content: bytes.NewReader(nil), Quota: -1, Compare: true, IfRevision: 3})
	if !fault.Is(err, fault.Conflict) || wrote {
		t.Errorf("%v, written: %v", err, wrote)
	}
}
