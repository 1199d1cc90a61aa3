// Package local keeps contents of blobs in a folder of this machine.
//
// Owns: names to files, durable writes, what a full disk answers.
// Does not own: which contents there are (store), when they go (blob).
// Flow: Write: <name>.part → copy → fsync → rename → fsync of the folder. A file under its name is whole.
// The folder is this user's alone, nothing leads out of it, and links in it are never followed.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/fault"
)

// Backend is a folder.
type Backend struct {
	root *os.Root
	// sync makes a file or folder durable; tests see when.
	sync func(*os.File) error
}

var _ blob.Backend = (*Backend)(nil)

// Open opens a folder, and makes it where it is absent. Fault: Unavailable.
func Open(folder string) (*Backend, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, classify(err, "the folder of blobs cannot be made")
	}
	if err := os.Chmod(folder, 0o700); err != nil { //nolint:gosec // a folder needs x; it is this user's alone
		return nil, classify(err, "the folder of blobs cannot be closed to others")
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, classify(err, "the folder of blobs cannot be opened")
	}
	return &Backend{root: root, sync: (*os.File).Sync}, nil
}

// Close closes the folder. Contents that are open stay readable.
func (b *Backend) Close() error { return b.root.Close() } //nolint:wrapcheck // the caller says what it closes

// Name implements blob.Backend.
func (*Backend) Name() string { return "local" }

// folder and file of a name: 256 folders keep each of them small.
func folder(name string) string { return name[:2] }
func file(name string) string   { return name[:2] + "/" + name[2:] }
func part(name string) string   { return file(name) + ".part" }

// Write implements blob.Backend.
func (b *Backend) Write(ctx context.Context, name string, content io.ReaderAt, size int64) error {
	if err := blob.CheckName(name); err != nil {
		return err //nolint:wrapcheck // a fault that says it all
	}
	if err := b.folder(folder(name)); err != nil {
		return classify(err, "the folder of a blob cannot be made")
	}
	err := b.fill(ctx, part(name), content, size)
	if err == nil {
		err = b.root.Rename(part(name), file(name))
	}
	if err == nil {
		err = b.syncFolder(folder(name))
	}
	if err != nil {
		// What cannot be removed now is removed with the garbage.
		_ = b.root.Remove(part(name))
		_ = b.root.Remove(file(name))
		return classify(err, "the blob cannot be written")
	}
	return nil
}

// folder makes a folder, durably.
func (b *Backend) folder(name string) error {
	err := b.root.Mkdir(name, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		info, err := b.root.Lstat(name)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is not a folder", name)
		}
		return err
	case err != nil:
		return err //nolint:wrapcheck // classified by the caller
	}
	return b.syncFolder(".")
}

func (b *Backend) syncFolder(name string) error {
	f, err := b.root.Open(name)
	if err != nil {
		return err //nolint:wrapcheck // classified by the caller
	}
	return errors.Join(b.sync(f), f.Close())
}

// fill writes a new file and syncs it.
func (b *Backend) fill(ctx context.Context, name string, content io.ReaderAt, size int64) (err error) {
	f, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err //nolint:wrapcheck // classified by the caller
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buffer := make([]byte, min(size, 256<<10))
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return err //nolint:wrapcheck // classified by the caller
		}
		n, err := content.ReadAt(buffer[:min(int64(len(buffer)), size-off)], off)
		if n == 0 {
			return fmt.Errorf("reading the content at %d of %d bytes: %w", off, size, err)
		}
		if _, err := f.Write(buffer[:n]); err != nil {
			return err //nolint:wrapcheck // classified by the caller
		}
		off += int64(n)
	}
	return b.sync(f)
}

// Open implements blob.Backend.
func (b *Backend) Open(_ context.Context, name string) (blob.Content, error) {
	if err := blob.CheckName(name); err != nil {
		return nil, err //nolint:wrapcheck // a fault that says it all
	}
	before, err := b.root.Lstat(file(name))
	if err != nil {
		return nil, classify(err, "the blob cannot be opened")
	}
	f, err := b.root.Open(file(name))
	if err != nil {
		return nil, classify(err, "the blob cannot be opened")
	}
	info, err := f.Stat()
	// The file that was looked at is the one that is open: no link, no pipe.
	if err == nil && (!before.Mode().IsRegular() || !os.SameFile(before, info)) {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return nil, classify(errors.Join(err, f.Close()), "the blob cannot be opened")
	}
	return &content{f, info.Size()}, nil
}

// Delete implements blob.Backend.
func (b *Backend) Delete(_ context.Context, name string) error {
	if err := blob.CheckName(name); err != nil {
		return err //nolint:wrapcheck // a fault that says it all
	}
	for _, path := range []string{part(name), file(name)} {
		if err := b.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return classify(err, "the blob cannot be deleted")
		}
	}
	return nil
}

type content struct {
	*os.File
	size int64
}

// Size implements blob.Content.
func (c *content) Size() int64 { return c.size }

// ReadAt implements blob.Content.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.File.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = classify(err, "the blob cannot be read")
	}
	return n, err //nolint:wrapcheck // io.EOF as it is
}

// classify makes a fault of what a file system answers. Whether the disk is
// full or gone, trying again later is right.
func classify(err error, message string) error {
	var own *fault.Error
	switch {
	case errors.As(err, &own):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.NotFound, err, "the blob's content is absent")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(fault.Unavailable, err, message+": the disk has no room left")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(fault.Timeout, err, message+" in time")
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Unavailable, err, message+": the call is over")
	}
	return fault.Wrap(fault.Unavailable, err, message)
}
