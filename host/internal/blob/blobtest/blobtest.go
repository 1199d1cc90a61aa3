// Package blobtest holds the promises of blob.Backend, one named case each.
//
// Owns: the cases, names of contents, the S3 server that tests may start.
// Does not own: opening a backend; a backend's test does that and calls Run.
// Flow: local_test, s3_test → Run → a fresh backend per case.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/fault"
)

// Open returns an empty backend and closes it when the test ends.
type Open func(t testing.TB) blob.Backend

// Name returns the name of the i-th content of a test.
func Name(i int) string { return fmt.Sprintf("%02x%0*x", i%256, blob.NameLength-2, i) }

// Bytes returns n bytes that differ from place to place.
func Bytes(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // test data
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Run holds a backend to every promise of blob.Backend.
func Run(t *testing.T, open Open) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func write(t testing.TB, b blob.Backend, name string, content []byte) {
	t.Helper()
	if err := b.Write(t.Context(), name, bytes.NewReader(content), int64(len(content))); err != nil {
		t.Fatalf("Write: %v", err)
	}
}

func wantFault(t testing.TB, err error, kinds ...fault.Kind) {
	t.Helper()
	for _, k := range kinds {
		if fault.Is(err, k) {
			return
		}
	}
	t.Errorf("got %v, want a fault of kind %v", err, kinds)
}

func absent(t testing.TB, b blob.Backend, name string) {
	t.Helper()
	c, err := b.Open(context.WithoutCancel(t.Context()), name)
	if err == nil {
		_ = c.Close()
	}
	wantFault(t, err, fault.NotFound)
}

func readAll(t testing.TB, b blob.Backend, name string) []byte {
	t.Helper()
	c, err := b.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = c.Close() }()
	got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	return got
}

// half fails in the middle of the content.
type half struct{ content []byte }

var errHalf = fault.New(fault.Exhausted, "the other half is not there")

func (h half) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > int64(len(h.content)/2) {
		return 0, errHalf
	}
	return copy(p, h.content[off:]), nil
}

type testCase struct {
	name string
	run  func(t *testing.T, b blob.Backend)
}

var cases = []testCase{
	{"content comes back, whatever its size", func(t *testing.T, b blob.Backend) {
		for i, size := range []int{0, 1, 4095, 4096, 256 << 10, 256<<10 + 1, 3<<20 + 17} {
			content := Bytes(size)
			write(t, b, Name(i), content)
			if got := readAll(t, b, Name(i)); !bytes.Equal(got, content) {
				t.Errorf("%d bytes came back as %d others", size, len(got))
			}
		}
	}},
	{"ranges come back", ranges},
	{"what was not written is absent", func(t *testing.T, b blob.Backend) {
		absent(t, b, Name(1))
		write(t, b, Name(2), []byte("x"))
		absent(t, b, Name(1))
	}},
	{"deleted content is absent, and deleting again is no fault", func(t *testing.T, b blob.Backend) {
		write(t, b, Name(1), []byte("one"))
		write(t, b, Name(257), []byte("two"))
		for range 2 {
			if err := b.Delete(t.Context(), Name(1)); err != nil {
				t.Fatalf("Delete: %v", err)
			}
		}
		absent(t, b, Name(1))
		if got := readAll(t, b, Name(257)); string(got) != "two" {
			t.Errorf("its neighbour is %q", got)
		}
	}},
	{"a name that is none goes nowhere", func(t *testing.T, b blob.Backend) {
		for _, name := range []string{"", "..", "../../../../../../etc/passwd", strings.Repeat("A", 32), strings.Repeat("a", 31), strings.Repeat("a", 33), "/" + strings.Repeat("a", 31), "aa/../" + strings.Repeat("a", 26), strings.Repeat("a", 31) + "\x00"} {
			wantFault(t, b.Write(t.Context(), name, strings.NewReader("x"), 1), fault.Invalid)
			_, err := b.Open(t.Context(), name)
			wantFault(t, err, fault.Invalid)
			wantFault(t, b.Delete(t.Context(), name), fault.Invalid)
		}
	}},
	{"content that cannot be read is not kept, and says why", func(t *testing.T, b blob.Backend) {
		content := Bytes(600 << 10)
		err := b.Write(t.Context(), Name(1), half{content}, int64(len(content)))
		if !errors.Is(err, errHalf) {
			t.Errorf("got %v, want what the content said", err)
		}
		absent(t, b, Name(1))
		write(t, b, Name(1), []byte("whole"))
		if got := readAll(t, b, Name(1)); string(got) != "whole" {
			t.Errorf("written after the failure: %q", got)
		}
	}},
	{"content that ends early is not kept", func(t *testing.T, b blob.Backend) {
		if err := b.Write(t.Context(), Name(1), strings.NewReader("short"), 500<<10); err == nil {
			t.Error("it was taken")
		}
		absent(t, b, Name(1))
	}},
	{"a call that is over writes nothing", func(t *testing.T, b blob.Backend) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		content := Bytes(1 << 20)
		wantFault(t, b.Write(ctx, Name(1), bytes.NewReader(content), int64(len(content))), fault.Unavailable, fault.Timeout)
		absent(t, b, Name(1))
	}},
	{"content that is open while it is deleted stays as it was, or is absent", func(t *testing.T, b blob.Backend) {
		content := Bytes(1 << 20)
		write(t, b, Name(1), content)
		c, err := b.Open(t.Context(), Name(1))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := b.Delete(t.Context(), Name(1)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 10)
		if _, err := c.ReadAt(got, 700<<10); err != nil {
			wantFault(t, err, fault.NotFound)
		} else if !bytes.Equal(got, content[700<<10:][:10]) {
			t.Error("it reads as something else")
		}
	}},
	{"many write and read at once", func(t *testing.T, b blob.Backend) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				content := Bytes(10_000 + i)
				if err := b.Write(t.Context(), Name(i%2+256*i), bytes.NewReader(content), int64(len(content))); err != nil {
					t.Errorf("Write: %v", err)
					return
				}
				if got := readAll(t, b, Name(i%2+256*i)); !bytes.Equal(got, content) {
					t.Errorf("content %d came back as another", i)
				}
			})
		}
		wg.Wait()
	}},
}

func ranges(t *testing.T, b blob.Backend) {
	content := Bytes(700_001)
	write(t, b, Name(1), content)
	c, err := b.Open(t.Context(), Name(1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if c.Size() != int64(len(content)) {
		t.Fatalf("size %d", c.Size())
	}
	for _, r := range []struct{ off, n int }{
		{0, 1},
		{0, 16 << 10},
		{16 << 10, 16 << 10},
		{250_000, 20_000},
		{1, 600_000},
		{699_990, 11},
		{699_990, 12},
		{700_000, 1},
		{700_001, 1},
		{700_002, 5},
		{300_000, 0},
		{5, 10},
	} {
		p := make([]byte, r.n)
		n, err := c.ReadAt(p, int64(r.off))
		want := content[min(r.off, len(content)):min(r.off+r.n, len(content))]
		if !bytes.Equal(p[:n], want) {
			t.Errorf("at %d: %d bytes, want %d", r.off, n, len(want))
		}
		if (n < r.n) != errors.Is(err, io.EOF) || err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("at %d: %d of %d bytes with %v", r.off, n, r.n, err)
		}
	}
}
