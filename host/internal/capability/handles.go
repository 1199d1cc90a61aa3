package capability

import (
	"errors"
	"io"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// maxSlots bounds the handles that one call makes in all, dropped ones included.
const maxSlots = 0xffff

// Handles are the host's memory that one call refers to by number. A handle
// is index+1 in the low 16 bits and the call's generation in the 15 above, so
// that a number kept from an earlier call is refused and none is negative. They are used by one
// goroutine at a time.
type Handles struct {
	generation uint32
	maxCount   int
	maxBytes   int64

	slots []slot
	live  int
	total int64 // bytes ever put
	bytes int64 // owned by the call; pieces of a snapshot cost nothing
}

type slot struct {
	content   [][]byte
	source    Source // in the place of content while it is lazy
	size      int64
	mediaType string
	authority principal.Authority
	own       bool // read under authority; false for what the guest made itself
	owned     int64
	mutable   bool
	live      bool
}

func newHandles(generation uint32, maxCount int, maxBytes int64) *Handles {
	return &Handles{generation: generation & 0x7fff, maxCount: maxCount, maxBytes: maxBytes}
}

// PutShared keeps pieces that belong to somebody who never writes them, such
// as a snapshot, read under authority.
func (h *Handles) PutShared(content [][]byte, mediaType string, authority principal.Authority) (uint32, int64, error) {
	var size int64
	for _, piece := range content {
		size += int64(len(piece))
	}
	n, err := h.put(slot{content: content, size: size, mediaType: mediaType, authority: authority, own: true})
	return n, size, err
}

// PutOwned keeps bytes that the host made for this call under authority.
func (h *Handles) PutOwned(content []byte, mediaType string, authority principal.Authority) (uint32, error) {
	return h.put(slot{
		content: [][]byte{content}, size: int64(len(content)), owned: int64(len(content)),
		mediaType: mediaType, authority: authority, own: true,
	})
}

// chunks are the sizes in which a stream is kept: small answers cost little,
// large ones are few pieces.
const (
	firstChunk = 4 << 10
	lastChunk  = 256 << 10
)

// PutFrom keeps what it reads until the end, which the host got for this call
// under authority. It never holds more than the call's handles may: reading
// ends with Exhausted before that. Other faults are those of the reader.
func (h *Handles) PutFrom(from io.Reader, mediaType string, authority principal.Authority) (uint32, int64, error) {
	s := slot{mediaType: mediaType, authority: authority, own: true}
	for size := firstChunk; ; size = min(2*size, lastChunk) {
		chunk, err := readChunk(from, size)
		if len(chunk) > 0 {
			s.content = append(s.content, chunk)
			s.size += int64(len(chunk))
		}
		if h.bytes+s.size > h.maxBytes {
			return 0, 0, fault.New(fault.Exhausted, "the call's handles hold more than %d bytes", h.maxBytes)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, err //nolint:wrapcheck // the reader says what and why
		}
	}
	s.owned = s.size
	number, err := h.put(s)
	return number, s.size, err
}

// readChunk reads until a chunk is full. Unlike io.ReadFull it tells an end
// from a stream that was cut off.
func readChunk(from io.Reader, size int) ([]byte, error) {
	chunk, n := make([]byte, size), 0
	for n < size {
		read, err := from.Read(chunk[n:])
		n += read
		if err != nil {
			return chunk[:n:n], err //nolint:wrapcheck // the reader says what and why
		}
	}
	return chunk, nil
}

// Made returns how many handles the call made and the bytes behind them,
// dropped ones included.
func (h *Handles) Made() (count int, size int64) { return len(h.slots), h.total }

// PutGuest keeps a copy of bytes that the guest made, which it may write later.
func (h *Handles) PutGuest(content []byte, mediaType string) (uint32, error) {
	return h.put(slot{
		content: [][]byte{append([]byte(nil), content...)}, size: int64(len(content)), owned: int64(len(content)),
		mediaType: mediaType, mutable: true,
	})
}

func (h *Handles) put(s slot) (uint32, error) {
	if h.live >= h.maxCount || len(h.slots) >= maxSlots {
		return 0, fault.New(fault.Exhausted, "the call holds %d handles, which is the limit; drop some with handle.drop", h.maxCount)
	}
	if h.bytes+s.owned > h.maxBytes {
		return 0, fault.New(fault.Exhausted, "the call's handles hold more than %d bytes", h.maxBytes)
	}
	s.live = true
	h.live++
	h.bytes += s.owned
	h.total += s.size
	h.slots = append(h.slots, s)
	return h.generation<<16 | uint32(len(h.slots)), nil //nolint:gosec // slots are bounded by maxSlots
}

func (h *Handles) get(n uint32) (*slot, error) {
	i := int(n&0xffff) - 1
	if n>>16 != h.generation || i < 0 || i >= len(h.slots) || !h.slots[i].live {
		return nil, fault.New(fault.Invalid, "handle %#x is not one of this call", n)
	}
	return &h.slots[i], nil
}

// Stat returns the size and media type of a handle.
func (h *Handles) Stat(n uint32) (size int64, mediaType string, err error) {
	s, err := h.get(n)
	if err != nil {
		return 0, "", err
	}
	return s.size, s.mediaType, nil
}

// Drop frees a handle before the call ends.
func (h *Handles) Drop(n uint32) error {
	s, err := h.get(n)
	if err != nil {
		return err
	}
	h.live--
	h.bytes -= s.owned
	s.close()
	*s = slot{}
	return nil
}

// Content returns the pieces of a handle for a receiver. What was read under
// an authority goes to a receiver of the same authority only. Faults: Denied,
// Exhausted (lazy content that is too large), and those of reading it.
func (h *Handles) Content(n uint32, to principal.Authority) ([][]byte, string, error) {
	s, err := h.get(n)
	if err != nil {
		return nil, "", err
	}
	if s.own && !s.authority.Covers(to) {
		return nil, "", fault.New(fault.Denied, "handle %#x was read with %s rights of %s and may not be shown to this caller",
			n, s.authority.Mode, s.authority.Subject.Ref)
	}
	if err := h.load(s); err != nil {
		return nil, "", err
	}
	return s.content, s.mediaType, nil
}

// Read copies from a handle at off into dst.
func (h *Handles) Read(n uint32, off int64, dst []byte) (int, abi.Code) {
	s, err := h.get(n)
	if err != nil || off < 0 || off > s.size {
		return 0, abi.CodeInvalid
	}
	read, err := s.ReadAt(dst, off)
	return read, codeOf(err)
}

// Write copies src to a handle that the guest made, at off; at the end it grows.
func (h *Handles) Write(n uint32, off int64, src []byte) (int, abi.Code) {
	s, err := h.get(n)
	if err != nil || off < 0 || off > s.size {
		return 0, abi.CodeInvalid
	}
	if !s.mutable {
		return 0, abi.CodeDenied
	}
	grown := max(off+int64(len(src))-s.size, 0)
	if h.bytes+grown > h.maxBytes {
		return 0, abi.CodeExhausted
	}
	s.content[0] = append(s.content[0], make([]byte, grown)...)
	copy(s.content[0][off:], src)
	s.size += grown
	s.owned += grown
	h.bytes += grown
	return len(src), abi.CodeOK
}
