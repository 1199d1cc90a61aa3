package capability

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// lazy is content that counts how it is read, and that it is closed.
type lazy struct {
	*strings.Reader
	read   int
	closed int
	err    error
}

func (l *lazy) ReadAt(p []byte, off int64) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	l.read += len(p)
	return l.Reader.ReadAt(p, off)
}

func (l *lazy) Close() error { l.closed++; return nil }

func TestLazyContentIsReadWhenItIsAskedFor(t *testing.T) {
	viewer := principal.Guest("user:default/ada")
	h := newHandles(1, 4, 100)
	content := &lazy{Reader: strings.NewReader(strings.Repeat("0123456789", 100))}
	n, err := h.PutLazy(content, 1000, "text/plain", viewer)
	if err != nil || content.read != 0 {
		t.Fatalf("%v, %d bytes read", err, content.read)
	}
	p := make([]byte, 4)
	if got, code := h.Read(n, 998, p); got != 2 || code != abi.CodeOK || string(p[:2]) != "89" || content.read != 2 {
		t.Errorf("%d bytes %q, %s, %d read", got, p, code, content.read)
	}
	if _, code := h.Write(n, 0, []byte("x")); code != abi.CodeDenied {
		t.Errorf("writing: %s", code)
	}
	// In memory it counts: a response is not larger than what handles may hold.
	if _, _, err := h.Content(n, viewer); !fault.Is(err, fault.Exhausted) {
		t.Errorf("sending 1,000 bytes of 100: %v", err)
	}
	if _, _, err := h.Content(n, principal.Guest("user:default/eve")); !fault.Is(err, fault.Denied) {
		t.Errorf("sending it to somebody else: %v", err)
	}
	small := &lazy{Reader: strings.NewReader("small")}
	m, err := h.PutLazy(small, 5, "text/plain", viewer)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if pieces, kind, err := h.Content(m, viewer); err != nil || string(pieces[0]) != "small" || kind != "text/plain" || small.closed != 1 || small.read != 5 {
			t.Errorf("%q %s %v, closed %d times, %d read", pieces, kind, err, small.closed, small.read)
		}
	}
	if err := h.Drop(n); err != nil || content.closed != 1 {
		t.Errorf("dropped: %v, closed %d times", err, content.closed)
	}
	last := &lazy{Reader: strings.NewReader("x")}
	if _, err := h.PutLazy(last, 1, "", viewer); err != nil {
		t.Fatal(err)
	}
	h.close()
	if last.closed != 1 || small.closed != 1 || content.closed != 1 {
		t.Errorf("at the end of the call: closed %d, %d, %d times", last.closed, small.closed, content.closed)
	}
}

func TestLazyContentThatCannotBeKeptIsClosed(t *testing.T) {
	h := newHandles(1, 0, 100)
	content := &lazy{Reader: strings.NewReader("x")}
	if _, err := h.PutLazy(content, 1, "", principal.Authority{}); !fault.Is(err, fault.Exhausted) || content.closed != 1 {
		t.Errorf("%v, closed %d times", err, content.closed)
	}
}

func TestLazyContentThatFailsSaysSo(t *testing.T) {
	h := newHandles(1, 4, 100)
	n, err := h.PutLazy(&lazy{Reader: strings.NewReader("x"), err: fault.New(fault.Unavailable, "no disk")}, 1, "", principal.Authority{})
	if err != nil {
		t.Fatal(err)
	}
	if _, code := h.Read(n, 0, make([]byte, 1)); code != abi.CodeUnavailable {
		t.Errorf("Read: %s", code)
	}
	if _, _, err := h.Content(n, principal.Authority{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Content: %v", err)
	}
	short, err := h.PutLazy(&lazy{Reader: strings.NewReader("short")}, 50, "", principal.Authority{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Content(short, principal.Authority{}); !fault.Is(err, fault.Unavailable) || errors.Is(err, io.EOF) {
		t.Errorf("content that ends early: %v", err)
	}
}
