package plugintest

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
)

// CacheDir returns a folder of the user's cache that keeps what tests build and
// compile from one run, and one checkout, to the next: compiling a Go guest
// under the race detector takes ten seconds. It is empty where there is no such
// folder.
//
// A test binary knows the version of the runtime or does not, by what it was
// linked from; each cache folder belongs to one version, and whoever opens it
// with another one clears it.
func CacheDir(name string) string {
	dir := os.Getenv("CALLBOARD_CACHE")
	if dir == "" {
		users, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(users, "callboard")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/tetratelabs/wazero" {
				name += "-" + m.Version
			}
		}
	}
	dir = filepath.Join(dir, "test", runtime.Version(), name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ""
	}
	return dir
}
