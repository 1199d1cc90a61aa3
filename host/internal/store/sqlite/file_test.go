package sqlite_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/host/internal/store/storetest"
)

func entity(name string, body []byte) store.EntityRow {
	e := storetest.Entity(name)
	e.Body = body
	return e
}

func wantFault(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Fatalf("error is %v (%v), want %v saying %q", err, fault.KindOf(err), kind, says)
	}
}

func TestOnlyTheOwnerMayReadTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "callboard.db")
	s := open(t, sqlite.Config{Path: path})
	if _, err := s.ApplyCatalog(t.Context(), store.Batch{Upsert: []store.EntityRow{storetest.Entity("a")}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	t.Run("a file that others could read is closed to them", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "open.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
		open(t, sqlite.Config{Path: path})
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode is %v, error %v", info.Mode(), err)
		}
	})
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	for _, name := range []string{"plain.db", "with space?and#some%41.db", "日本.db"} {
		t.Run(name, func(t *testing.T) {
			c := sqlite.Config{Path: filepath.Join(t.TempDir(), name)}
			s := open(t, c)
			for range 2 {
				if _, err := s.ApplyCatalog(t.Context(), store.Batch{Upsert: []store.EntityRow{storetest.Entity("a")}}); err != nil {
					t.Fatal(err)
				}
			}
			first, err := s.KVApply(t.Context(), "p", -1, []store.KVWrite{{Key: "k"}, {Key: "k", Delete: true}})
			if err != nil {
				t.Fatal(err)
			}
			before := storetest.Load(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(c.Path + "-wal"); err == nil {
				t.Error("the log is left beside the file after closing")
			}
			s = open(t, c)
			if after := storetest.Load(t, s); !reflect.DeepEqual(after, before) {
				t.Errorf("loaded %v, want %v", after, before)
			}
			if r, err := s.ApplyCatalog(t.Context(), store.Batch{Delete: []string{"x"}}); err != nil || r != 3 {
				t.Errorf("the next revision is %d, error %v, want 3", r, err)
			}
			if second, err := s.KVApply(t.Context(), "p", -1, []store.KVWrite{{Key: "k"}}); err != nil || second[0] <= first[0] {
				t.Errorf("key revision %v follows %v, error %v", second, first, err)
			}
		})
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	c := sqlite.Config{Path: filepath.Join(t.TempDir(), "callboard.db"), MaxBytes: 1 << 20}
	s := open(t, c)
	var last uint64
	var err error
	noise := rand.NewChaCha8([32]byte{1}) // does not compress
	for i := range 100 {
		body := make([]byte, 100<<10)
		_, _ = noise.Read(body)
		before := storetest.Load(t, s)
		var revision uint64
		revision, err = s.ApplyCatalog(t.Context(), store.Batch{
			Upsert:     []store.EntityRow{entity(fmt.Sprint("small", i), []byte("{}")), entity(fmt.Sprint("big", i), body)},
			References: map[string][]string{"provider:config": {strconv.Itoa(i)}},
		})
		if err != nil {
			if after := storetest.Load(t, s); !reflect.DeepEqual(after, before) {
				t.Error("the refused batch left something behind")
			}
			break
		}
		last = revision
	}
	wantFault(t, err, fault.Unavailable, "no room left")
	if r, err := s.CatalogRevision(t.Context()); err != nil || r != last || last == 0 {
		t.Errorf("revision is %d, error %v, want %d", r, err, last)
	}
	_, err = s.KVApply(t.Context(), "p", -1, []store.KVWrite{{Key: "k", Value: make([]byte, 1<<20)}})
	wantFault(t, err, fault.Unavailable, "no room left")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, sqlite.Config{Path: c.Path}) // there is room again
	if r, err := s.ApplyCatalog(t.Context(), store.Batch{Upsert: []store.EntityRow{entity("more", make([]byte, 2<<20))}}); err != nil || r != last+1 {
		t.Errorf("writing with room again: revision %d, error %v", r, err)
	}
}

func TestAnotherProcessHoldsTheLock(t *testing.T) {
	c := sqlite.Config{Path: filepath.Join(t.TempDir(), "callboard.db"), BusyTimeout: time.Millisecond}
	s := open(t, c)
	other, err := sql.Open("sqlite", "file:"+c.Path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	batch := store.Batch{Upsert: []store.EntityRow{storetest.Entity("a")}}
	_, err = s.ApplyCatalog(t.Context(), batch)
	wantFault(t, err, fault.Unavailable, "locked by another process")
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ApplyCatalog(t.Context(), batch); err != nil {
		t.Errorf("after the lock is gone: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	if err := open(t, sqlite.Config{Path: newer}).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO callboard_migrations (version_id, is_applied) VALUES (9000, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path string
		kind       fault.Kind
		says       string
	}{
		{"a newer schema", newer, fault.Unavailable, "schema version 9000"},
		{"no path", "", fault.Invalid, "empty"},
		{"a folder", dir, fault.Unavailable, "cannot be opened"},
		{"a path through a file", filepath.Join(garbage, "x.db"), fault.Unavailable, "cannot be opened"},
		{"what is no database", garbage, fault.Internal, "damaged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := sqlite.Open(t.Context(), sqlite.Config{Path: tc.path})
			wantFault(t, err, tc.kind, tc.says)
		})
	}
}

// TestAKilledProcessKeepsWhatItCommitted writes in a process of its own, which
// dies in the middle of a batch.
func TestAKilledProcessKeepsWhatItCommitted(t *testing.T) {
	const env = "CALLBOARD_TEST_WRITE_UNTIL_KILLED"
	if path := os.Getenv(env); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "callboard.db")
	child := exec.Command(os.Args[0], "-test.run=^TestAKilledProcessKeepsWhatItCommitted$")
	child.Env = append(os.Environ(), env+"="+path)
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var told uint64
	for lines := bufio.NewScanner(stdout); told < 20 && lines.Scan(); {
		told, _ = strconv.ParseUint(lines.Text(), 10, 64)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // "signal: killed"
	s := open(t, sqlite.Config{Path: path})
	revision, err := s.CatalogRevision(t.Context())
	if err != nil || revision < told || told < 20 {
		t.Fatalf("revision is %d, error %v; the process told of %d", revision, err, told)
	}
	got := storetest.Load(t, s)
	if len(got.Entities) != 50 {
		t.Errorf("%d entities, want 50", len(got.Entities))
	}
	for ref, e := range got.Entities {
		if e.Revision != revision {
			t.Errorf("%s is of revision %d in a catalog at %d: half a batch", ref, e.Revision, revision)
		}
	}
}

func writeUntilKilled(t *testing.T, path string) {
	s := open(t, sqlite.Config{Path: path})
	var b store.Batch
	for i := range 50 {
		b.Upsert = append(b.Upsert, entity(strconv.Itoa(i), make([]byte, 5000)))
	}
	for {
		revision, err := s.ApplyCatalog(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(revision)
	}
}
