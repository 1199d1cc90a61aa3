package capability

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// endless is a stream that counts how much of it was read.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

func TestAStreamIsKeptWithinTheQuota(t *testing.T) {
	ada := principal.Guest("user:default/ada")
	const quota = 1 << 20
	h := newHandles(1, 4, quota)
	text := strings.Repeat("0123456789abcdef", 1000)
	for name, from := range map[string]io.Reader{"whole": strings.NewReader(text), "by bytes": iotest.OneByteReader(strings.NewReader(text)), "with its end": iotest.DataErrReader(strings.NewReader(text))} {
		n, size, err := h.PutFrom(from, "text/plain", ada)
		if err != nil || size != int64(len(text)) {
			t.Fatalf("%s: %d bytes, %v", name, size, err)
		}
		got := make([]byte, len(text)+1)
		if read, code := h.Read(n, 0, got); code != abi.CodeOK || string(got[:read]) != text {
			t.Errorf("%s: read %d bytes, %s", name, read, code)
		}
		if _, _, err := h.Content(n, principal.Own(principal.Actor{Plugin: "x"})); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: shown to another authority: %v", name, err)
		}
		if err := h.Drop(n); err != nil {
			t.Fatal(err)
		}
	}
	e := &endless{}
	if _, _, err := h.PutFrom(e, "", ada); !fault.Is(err, fault.Exhausted) || e.read > quota+lastChunk {
		t.Errorf("of an endless stream %d bytes were read: %v", e.read, err)
	}
	// A stream that is cut off is not one that ended.
	for _, cut := range []error{io.ErrUnexpectedEOF, errors.New("reset")} {
		if _, _, err := h.PutFrom(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(cut)), "", ada); !errors.Is(err, cut) {
			t.Errorf("%v is kept as an end: %v", cut, err)
		}
	}
	if n, size, err := h.PutFrom(strings.NewReader(""), "", ada); err != nil || size != 0 || n == 0 {
		t.Errorf("nothing: handle %d, %d bytes, %v", n, size, err)
	}
}
