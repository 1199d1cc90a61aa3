package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func testdata() fs.FS { return os.DirFS("testdata") }

func writeTestdata(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}
