package capability

import (
	"errors"
	"io"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// Source is content that is read when somebody asks for it. Its errors are faults.
type Source interface {
	io.ReaderAt
	io.Closer
}

// PutLazy keeps content of a size that stays where it is until it is read, and
// takes over closing it, also when it fails. It counts against the bytes of the
// call's handles only once it is sent, for then it is in memory.
func (h *Handles) PutLazy(from Source, size int64, mediaType string, authority principal.Authority) (uint32, error) {
	n, err := h.put(slot{source: from, size: size, mediaType: mediaType, authority: authority, own: true})
	if err != nil {
		_ = from.Close()
	}
	return n, err
}

// Open returns the content of a handle for a service of the host that keeps
// what the guest could as well read and give it itself.
func (h *Handles) Open(n uint32) (content io.ReaderAt, size int64, mediaType string, err error) {
	s, err := h.get(n)
	if err != nil {
		return nil, 0, "", err
	}
	return s, s.size, s.mediaType, nil
}

// ReadAt implements io.ReaderAt.
func (s *slot) ReadAt(p []byte, off int64) (int, error) {
	read := 0
	if s.source != nil {
		n, err := s.source.ReadAt(p[:max(min(int64(len(p)), s.size-off), 0)], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return n, err //nolint:wrapcheck // the source says what and why
		}
		read = n
	} else {
		for _, piece := range s.content {
			if off >= int64(len(piece)) {
				off -= int64(len(piece))
				continue
			}
			read += copy(p[read:], piece[off:])
			off = 0
			if read == len(p) {
				break
			}
		}
	}
	if read < len(p) {
		return read, io.EOF
	}
	return read, nil
}

// load brings lazy content into memory.
func (h *Handles) load(s *slot) error {
	if s.source == nil {
		return nil
	}
	if h.bytes+s.size > h.maxBytes {
		return fault.New(fault.Exhausted, "the call's handles would hold %d bytes, and may hold %d", h.bytes+s.size, h.maxBytes)
	}
	content := make([]byte, s.size)
	if n, err := s.ReadAt(content, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = fault.New(fault.Unavailable, "the content ends after %d of %d bytes", n, s.size)
		}
		return err
	}
	s.close()
	s.content, s.owned = [][]byte{content}, s.size
	h.bytes += s.size
	return nil
}

// close ends the reading of lazy content.
func (s *slot) close() {
	if s.source != nil {
		_ = s.source.Close() // it was only read
		s.source = nil
	}
}

// close ends the reading of all lazy content.
func (h *Handles) close() {
	for i := range h.slots {
		h.slots[i].close()
	}
}

// codeOf is the code of an error of reading a handle.
func codeOf(err error) abi.Code {
	if err == nil || errors.Is(err, io.EOF) {
		return abi.CodeOK
	}
	return CodeOf(fault.KindOf(err))
}
