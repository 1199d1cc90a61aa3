package record_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// cacheDir keeps compiled guests between runs.
func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	dir = filepath.Join(dir, "callboard-plugintest", runtime.Version(), "compiled-record")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
