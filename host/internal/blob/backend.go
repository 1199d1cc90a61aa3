package blob

import (
	"context"
	"io"

	"github.com/callboard/callboard/host/internal/fault"
)

// Backend keeps contents under names that Store makes: 32 lower-case hex
// digits, each used for one content only. It is safe for concurrent use;
// blobtest holds every backend to this.
type Backend interface {
	// Name returns "local" or "s3".
	Name() string
	// Write keeps size bytes of content under a name: all of them, and so that
	// neither the end of the process nor of the machine's power takes them
	// back once it returned nil. What a failed write leaves is whole or is not
	// found by Open, and Delete removes it. Fault: Unavailable (no room left,
	// no answer).
	Write(ctx context.Context, name string, content io.ReaderAt, size int64) error
	// Open returns a content to read. ctx counts for the reads too. Faults:
	// NotFound, Unavailable.
	Open(ctx context.Context, name string) (Content, error)
	// Delete removes a content, and what a write that was cut off left of it;
	// an absent one is no fault. Contents that are open stay readable or end
	// with NotFound. Fault: Unavailable.
	Delete(ctx context.Context, name string) error
}

// Content is the bytes of one blob. Reads past the end are io.EOF, as of an
// io.ReaderAt; other errors are faults.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// NameLength is the length of a content's name.
const NameLength = 32

// CheckName refuses a name that Store does not make, so that no name can be a
// path. Fault: Invalid.
func CheckName(name string) error {
	if len(name) != NameLength {
		return fault.New(fault.Invalid, "%q is not the name of a content", name)
	}
	for _, c := range []byte(name) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fault.New(fault.Invalid, "%q is not the name of a content", name)
		}
	}
	return nil
}
