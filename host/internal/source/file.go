package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/callboard/callboard/host/internal/fault"
)

// MaxMatches is how many files one glob may name.
const MaxMatches = 10_000

func (r *Reader) readFile(req Request) (Content, error) {
	name := req.Location.Target
	f, err := open(name, req.Within)
	if err != nil {
		return Content{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return Content{}, fileFault(name, err)
	case info.IsDir():
		return Content{}, fault.New(fault.Invalid, "%s is a folder, not a file", name)
	case !info.Mode().IsRegular():
		return Content{}, fault.New(fault.Invalid, "%s is not a regular file", name)
	case info.Size() > r.config.MaxBytes:
		return Content{}, tooLarge(name, r.config.MaxBytes)
	}
	etag := fmt.Sprintf("file %x-%x-%x", info.Size(), info.ModTime().UnixNano(), inode(info))
	if etag == req.ETag {
		return Content{ETag: etag, NotModified: true}, nil
	}
	c, err := r.readAll(f, name)
	if err != nil {
		return Content{}, err
	}
	c.ETag = etag
	return c, nil
}

// open opens a file for reading without waiting for a writer, should it be a
// pipe, and without leaving the folder within.
func open(name, within string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK
	if within == "" {
		f, err := os.OpenFile(name, flags, 0)
		if err != nil {
			return nil, fileFault(name, err)
		}
		return f, nil
	}
	rel, err := inside(name, within)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(within)
	if err != nil {
		return nil, fileFault(within, err)
	}
	defer func() { _ = root.Close() }()
	f, err := root.OpenFile(rel, flags, 0)
	if err != nil {
		return nil, confined(name, within, err)
	}
	return f, nil
}

// openFolder opens a folder without leaving the folder within.
func openFolder(name, within string) (*os.Root, error) {
	if within == "" {
		within = name
	}
	rel, err := inside(name, within)
	if err != nil {
		return nil, err
	}
	top, err := os.OpenRoot(within)
	if err != nil {
		return nil, fileFault(within, err)
	}
	defer func() { _ = top.Close() }()
	root, err := top.OpenRoot(rel)
	if err != nil {
		return nil, confined(name, within, err)
	}
	return root, nil
}

// confined words an error of opening something in a folder.
func confined(name, within string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fileFault(name, err)
	}
	// What os.Root says of a link that leads out has no name to compare with.
	if _, statErr := os.Stat(name); statErr == nil {
		return outside(name, within)
	}
	return fileFault(name, err)
}

func inside(name, within string) (string, error) {
	rel, err := filepath.Rel(within, name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", outside(name, within)
	}
	return rel, nil
}

func outside(name, within string) error {
	return fault.New(fault.Invalid, "%s lies outside %s, the folder of the location that configuration names", name, within)
}

func fileFault(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fault.New(fault.NotFound, "%s does not exist", name)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fault.New(fault.Unavailable, "%s may not be read by this process", name)
	}
	return fault.Wrap(fault.Unavailable, err, name+" cannot be read")
}

// Expand returns the locations that a location with wildcards names, sorted;
// any other names itself. Faults: NotFound (nothing matches), Invalid.
func (r *Reader) Expand(ctx context.Context, l Location, within string) ([]Location, error) {
	if l.Type == URL && strings.Contains(l.Target, "*") {
		return r.expandURL(ctx, l)
	}
	if l.Type != File || !hasWildcard(l.Target) {
		return []Location{l}, nil
	}
	if _, err := os.Lstat(l.Target); err == nil {
		return []Location{l}, nil // the brackets are part of its name
	}
	if !doublestar.ValidatePathPattern(l.Target) {
		return nil, fault.New(fault.Invalid, "%q is no valid pattern", l.Target)
	}
	base, pattern := splitGlob(l.Target)
	root, err := openFolder(base, within)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	var found []Location
	err = doublestar.GlobWalk(root.FS(), pattern, func(path string, entry fs.DirEntry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(found) == MaxMatches {
			return fault.New(fault.Invalid, "%q names more than %d files", l.Target, MaxMatches)
		}
		if !entry.IsDir() {
			found = append(found, Location{File, filepath.Join(base, filepath.FromSlash(path))})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "no file matches %s", l.Target)
	}
	slices.SortFunc(found, func(a, b Location) int { return strings.Compare(a.Target, b.Target) })
	return found, nil
}

func hasWildcard(path string) bool { return strings.ContainsAny(path, "*?[{") }

func splitGlob(path string) (base, pattern string) {
	if !hasWildcard(path) {
		return filepath.Dir(path), filepath.Base(path)
	}
	if _, err := os.Lstat(path); err == nil {
		return filepath.Dir(path), filepath.Base(path)
	}
	base, pattern = doublestar.SplitPattern(filepath.ToSlash(path))
	return filepath.FromSlash(base), pattern
}
