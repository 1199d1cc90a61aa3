package local_test

import (
	"bytes"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/callboard/callboard/host/internal/blob/blobtest"
	"github.com/callboard/callboard/host/internal/blob/local"
	"github.com/callboard/callboard/host/internal/fault"
)

func TestAFullDiskLosesNothing(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Skipf("SKIPPED: a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, 0) })
	b, err := local.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	kept := blobtest.Bytes(300 << 10)
	if err := b.Write(t.Context(), blobtest.Name(1), bytes.NewReader(kept), int64(len(kept))); err != nil {
		t.Fatal(err)
	}
	before := files(t, folder)
	large := blobtest.Bytes(2 << 20)
	err = b.Write(t.Context(), blobtest.Name(2), bytes.NewReader(large), int64(len(large)))
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "no room left") {
		t.Errorf("got %v, want Unavailable and no room left", err)
	}
	if after := files(t, folder); !slices.Equal(before, after) {
		t.Errorf("files before %v, after %v: a failed write frees its room", before, after)
	}
	c, err := b.Open(t.Context(), blobtest.Name(1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	got := make([]byte, len(kept))
	if _, err := c.ReadAt(got, 0); err != nil || !bytes.Equal(got, kept) {
		t.Errorf("what was there before reads %v", err)
	}
	small := blobtest.Bytes(100 << 10)
	if err := b.Write(t.Context(), blobtest.Name(3), bytes.NewReader(small), int64(len(small))); err != nil {
		t.Errorf("what fits is refused after a full disk: %v", err)
	}
}
