package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReadFile reads a whole file; it answers fs.ErrNotExist for a missing one.
type ReadFile func(name string) ([]byte, error)

// files reads what one load needs, each file once, and remembers the names.
type files struct {
	read    ReadFile
	real    func(name string) (string, error) // resolves symbolic links
	content map[string][]byte
	names   []string
}

func newFiles(read ReadFile) *files {
	f := &files{read: read, content: map[string][]byte{}}
	if read == nil {
		f.read, f.real = readRegular, filepath.EvalSymlinks
	} else {
		f.real = func(name string) (string, error) { return filepath.Clean(name), nil }
	}
	return f
}

// load returns the content of a file. Messages name what went wrong but not
// the file, which the caller's problem does.
func (f *files) load(name string) ([]byte, error) {
	if data, ok := f.content[name]; ok {
		return data, nil
	}
	if !slices.Contains(f.names, name) {
		f.names = append(f.names, name)
	}
	data, err := f.read(name)
	if err != nil {
		var path *fs.PathError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("file %s does not exist%w", name, hidden{err})
		case errors.As(err, &path):
			err = path.Err
		}
		return nil, fmt.Errorf("reading file %s: %w", name, err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("reading file %s: larger than %d MiB", name, maxFileBytes>>20)
	}
	f.content[name] = data
	return data, nil
}

// hidden keeps a cause for errors.Is while the message already says it.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

// inside reports whether name, links resolved, lies in one of the folders.
func (f *files) inside(name string, folders []string) error {
	target, err := f.real(name)
	if errors.Is(err, fs.ErrNotExist) {
		target = filepath.Clean(name) // reading it will say so
	} else if err != nil {
		return fmt.Errorf("resolving file %s: %w", name, err)
	}
	for _, folder := range folders {
		root, err := f.real(folder)
		if err != nil {
			continue
		}
		rel, err := filepath.Rel(root, target)
		if err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return nil
		}
	}
	return fmt.Errorf("file %s lies outside %s: an included file reaches only its own folder and the folder of the configuration file", name, strings.Join(folders, " and "))
}

// readRegular reads a file of the machine. Devices and pipes would block or
// never end, so they are refused before a byte is read.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFileBytes+1))
}
