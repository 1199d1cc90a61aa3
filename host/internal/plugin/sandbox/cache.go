package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
)

// OpenCache makes sure that dir is a safe home for machine code: whoever can
// write there can run code in this process. Subfolders that another version of
// the runtime or of the metering pass has left are removed.
func OpenCache(dir string) error {
	switch info, err := os.Lstat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("creating compilation cache: %w", err)
		}
	case err != nil:
		return fmt.Errorf("reading compilation cache: %w", err)
	default:
		if err := checkFolder(dir, info); err != nil {
			return err
		}
	}
	current, err := currentFolder(dir)
	if err != nil {
		return err
	}
	metered := filepath.Join(dir, meteredFolder())
	if info, err := os.Lstat(metered); err == nil {
		if err := checkFolder(metered, info); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading compilation cache: %w", err)
	}
	for _, e := range entries {
		if e.Name() == current || e.Name() == meteredFolder() ||
			!strings.HasPrefix(e.Name(), "wazero-") && !strings.HasPrefix(e.Name(), meteredPrefix) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("pruning compilation cache: %w", err)
		}
	}
	return nil
}

func checkFolder(dir string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("compilation cache %s is a symbolic link; its content is run as machine code, so name the folder itself", dir)
	case !info.IsDir():
		return fmt.Errorf("compilation cache %s is not a folder", dir)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("compilation cache %s may be written by others (mode %04o); its content is run as machine code: chmod 0700 it", dir, info.Mode().Perm())
	}
	return checkOwner(dir, info)
}

// currentFolder lets the runtime create its own subfolder and finds out how it
// is called, without knowing how the runtime spells its version.
func currentFolder(dir string) (string, error) {
	probe, err := os.MkdirTemp(dir, "probe-")
	if err != nil {
		return "", fmt.Errorf("writing compilation cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(probe) }()
	if _, err := wazero.NewCompilationCacheWithDir(probe); err != nil {
		return "", fmt.Errorf("opening compilation cache: %w", err)
	}
	entries, err := os.ReadDir(probe)
	if err != nil || len(entries) != 1 {
		return "", fmt.Errorf("opening compilation cache: the runtime made %d folders: %w", len(entries), err)
	}
	name := entries[0].Name()
	switch info, err := os.Lstat(filepath.Join(dir, name)); {
	case errors.Is(err, fs.ErrNotExist):
		return name, nil
	case err != nil:
		return "", fmt.Errorf("reading compilation cache: %w", err)
	default:
		return name, checkFolder(filepath.Join(dir, name), info)
	}
}
