package source

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// maxInflated bounds what an archive may hold in all, files that nobody asked
// for included: a small archive that inflates for ever is refused before that.
const maxInflated = 512 << 20

// Unpack returns the files below folder of an archive whose first folder is
// the repository. Links, devices and what is no file are left out; a path that
// leaves the archive, or that is there twice, makes all of it Invalid.
func Unpack(from io.Reader, what, folder string) ([]TreeFile, error) {
	packed, err := gzip.NewReader(from)
	if err != nil {
		return nil, badArchive(what, err)
	}
	archive := tar.NewReader(&io.LimitedReader{R: packed, N: maxInflated})
	t := gathering{what: what, seen: map[string]bool{}}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, badArchive(what, err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if !cleanPath(strings.TrimPrefix(header.Name, "./")) {
			return nil, fault.New(fault.Invalid, "the archive of %s names %.100q, which is no path inside of it", what, header.Name)
		}
		_, path, ok := strings.Cut(strings.TrimPrefix(header.Name, "./"), "/")
		if !ok {
			continue // beside the repository
		}
		rest, ok := Below(path, folder)
		if !ok || rest == "" {
			continue
		}
		if err := t.add(rest, header.Size, archive); err != nil {
			return nil, err
		}
	}
	return t.done(), nil
}

func badArchive(what string, err error) error {
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return err
	}
	return fault.New(fault.Unavailable, "the archive of %s cannot be read: %w", what, err)
}

// gathering is a Tree while it grows.
type gathering struct {
	what  string
	seen  map[string]bool
	files []TreeFile
	size  int64
}

func (t *gathering) add(path string, size int64, from io.Reader) error {
	switch {
	case t.seen[path]:
		return fault.New(fault.Invalid, "the archive of %s has %q twice", t.what, path)
	case len(t.files) == MaxTreeFiles:
		return fault.New(fault.Exhausted, "%s has more than %d files; name a folder of it", t.what, MaxTreeFiles)
	case size < 0 || t.size+size > MaxTreeBytes:
		return fault.New(fault.Exhausted, "%s holds more than %d MiB; name a folder of it", t.what, MaxTreeBytes>>20)
	}
	data, err := io.ReadAll(io.LimitReader(from, size))
	if err != nil {
		return badArchive(t.what, err)
	}
	if int64(len(data)) != size {
		return badArchive(t.what, io.ErrUnexpectedEOF)
	}
	t.seen[path], t.size = true, t.size+size
	t.files = append(t.files, TreeFile{Path: path, Data: data})
	return nil
}

func (t *gathering) done() []TreeFile {
	slices.SortFunc(t.files, func(a, b TreeFile) int { return strings.Compare(a.Path, b.Path) })
	return t.files
}

// Gather reads listed files one by one, for hosts without archives. read is
// asked for paths from the root of the repository.
func Gather(what, folder string, listed []Entry, read func(path string) ([]byte, error)) ([]TreeFile, error) {
	t := gathering{what: what, seen: map[string]bool{}}
	for _, f := range listed {
		rest, ok := Below(f.Path, folder)
		if !ok || rest == "" || !cleanPath(rest) {
			continue
		}
		if t.size+max(f.Size, 0) > MaxTreeBytes {
			return nil, t.add(rest, f.Size, strings.NewReader(""))
		}
		data, err := read(f.Path)
		if err != nil {
			return nil, err
		}
		if err := t.add(rest, int64(len(data)), strings.NewReader(string(data))); err != nil {
			return nil, err
		}
	}
	return t.done(), nil
}
