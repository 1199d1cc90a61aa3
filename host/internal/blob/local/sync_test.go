package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
)

const name = "ab0123456789012345678901234567ef"

// A content is durable under its name: the file before the rename, its folder
// after it, and the folder that the new one was made in.
func TestWritesAreSynced(t *testing.T) {
	folder := t.TempDir()
	b, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	var synced []string
	b.sync = func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		what := filepath.Base(f.Name())
		if _, err := os.Stat(filepath.Join(folder, file(name))); err == nil {
			what += " after the rename"
		}
		if !info.IsDir() && info.Size() != 4 {
			what += " half written"
		}
		synced = append(synced, what)
		return f.Sync()
	}
	if err := b.Write(t.Context(), name, strings.NewReader("blob"), 4); err != nil {
		t.Fatal(err)
	}
	// The first is the folder of all, whose name an os.Root does not tell.
	want := []string{name[2:] + ".part", "ab after the rename"}
	if len(synced) != 3 || !slices.Equal(synced[1:], want) {
		t.Errorf("synced %q, want the root, then %q", synced, want)
	}
}

// What cannot be made durable is no content, whichever sync says so.
func TestAWriteThatCannotBeSyncedLeavesNothing(t *testing.T) {
	for at := range 3 {
		folder := t.TempDir()
		b, err := Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		b.sync = func(f *os.File) error {
			if calls++; calls == at+1 {
				return syscall.EDQUOT
			}
			return f.Sync()
		}
		err = b.Write(t.Context(), name, strings.NewReader("blob"), 4)
		if !fault.Is(err, fault.Unavailable) || !errors.Is(err, syscall.EDQUOT) {
			t.Errorf("sync %d fails: got %v", at, err)
		}
		for _, path := range []string{file(name), part(name)} {
			if _, err := os.Lstat(filepath.Join(folder, path)); err == nil {
				t.Errorf("sync %d fails: %s is left", at, path)
			}
		}
		_ = b.Close()
	}
}
