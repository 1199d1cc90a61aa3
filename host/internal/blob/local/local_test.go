package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/blob/blobtest"
	"github.com/callboard/callboard/host/internal/blob/local"
	"github.com/callboard/callboard/host/internal/fault"
)

func open(t testing.TB, folder string) *local.Backend {
	t.Helper()
	b, err := local.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestLocalBackend(t *testing.T) {
	blobtest.Run(t, func(t testing.TB) blob.Backend { return open(t, t.TempDir()) })
}

func files(t testing.TB, folder string) []string {
	t.Helper()
	var out []string
	if err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, strings.TrimPrefix(path, folder+"/"))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheFolderIsThisUsersAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "blobs")
	if err := os.Mkdir(folder, 0o755); err != nil { //nolint:gosec // open on purpose
		t.Fatal(err)
	}
	b := open(t, folder)
	if err := b.Write(t.Context(), blobtest.Name(1), strings.NewReader("secret"), 6); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	b := open(t, folder)
	name := blobtest.Name(1)
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, name[:2]), 0o700); err != nil {
		t.Fatal(err)
	}
	for what, target := range map[string]string{"out of the folder": secret, "inside of the folder": "other"} {
		if err := os.WriteFile(filepath.Join(folder, name[:2], "other"), []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(folder, name[:2], name[2:])
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if c, err := b.Open(t.Context(), name); err == nil {
			_ = c.Close()
			t.Errorf("a link %s was opened", what)
		}
		if err := b.Delete(t.Context(), name); err != nil {
			t.Errorf("a link %s: %v", what, err)
		}
	}
	// A link in the place of a folder, or of the file that a write begins with.
	away := blobtest.Name(2)
	if err := os.Symlink(outside, filepath.Join(folder, away[:2])); err != nil {
		t.Fatal(err)
	}
	if err := b.Write(t.Context(), away, strings.NewReader("x"), 1); err == nil {
		t.Error("a write went through a link in the place of a folder")
	}
	if err := os.Symlink(secret, filepath.Join(folder, name[:2], name[2:]+".part")); err != nil {
		t.Fatal(err)
	}
	if err := b.Write(t.Context(), name, strings.NewReader("overwritten"), 11); err == nil {
		t.Error("a write began in a link")
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "secret" || len(files(t, outside)) != 1 {
		t.Errorf("outside: %q, %v, %v", got, err, files(t, outside))
	}
}

func TestTheRestOfAWriteIsDeletedWithIt(t *testing.T) {
	folder := t.TempDir()
	b := open(t, folder)
	name := blobtest.Name(1)
	if err := os.MkdirAll(filepath.Join(folder, name[:2]), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name[:2], name[2:]+".part"), []byte("cut o"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), name); !fault.Is(err, fault.NotFound) {
		t.Errorf("half a content opens: %v", err)
	}
	if err := b.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if left := files(t, folder); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
