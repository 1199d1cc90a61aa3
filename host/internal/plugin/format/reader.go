package format

import "errors"

// Magic is how every module of version 1 begins.
const Magic = "\x00asm\x01\x00\x00\x00"

// Ids of the sections.
const (
	Custom = iota
	Type
	Import
	Function
	Table
	Memory
	Global
	Export
	Start
	Element
	Code
	Data
	DataCount
)

// Kinds of imports and exports.
const (
	KindFunction = iota
	KindTable
	KindMemory
	KindGlobal
)

// SectionName returns the name of a section in messages, and false for an id
// that WebAssembly 2.0 does not have.
func SectionName(id byte) (string, bool) {
	names := [...]string{
		"custom", "type", "import", "function", "table", "memory", "global",
		"export", "start", "element", "code", "data", "data count",
	}
	if int(id) >= len(names) {
		return "", false
	}
	return names[id], true
}

var errTruncated = errors.New("ends too early")

// Reader reads the binary format of WebAssembly. The first error sticks and
// every later read returns zero, so that callers check once per construct.
type Reader struct {
	b   []byte
	off int
	err error
}

// NewReader returns a reader at the start of b, which must not change.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Err returns the first error: what it says completes "the module …".
func (r *Reader) Err() error { return r.err }

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.off }

// Left returns how many bytes are left.
func (r *Reader) Left() int { return len(r.b) - r.off }

// Rest reads all that is left.
func (r *Reader) Rest() []byte { return r.Bytes(uint32(r.Left())) } //nolint:gosec // modules are below 4 GiB

// Since returns the bytes read from an offset on.
func (r *Reader) Since(start int) []byte { return r.b[start:r.off] }

// Fail makes err the error, unless there is one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.off = len(r.b)
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if r.Left() < 1 {
		r.Fail(errTruncated)
		return 0
	}
	c := r.b[r.off]
	r.off++
	return c
}

// Bytes reads n bytes. They are the reader's own, not a copy.
func (r *Reader) Bytes(n uint32) []byte {
	if uint64(n) > uint64(r.Left()) {
		r.Fail(errTruncated)
		return nil
	}
	b := r.b[r.off : r.off+int(n)]
	r.off += int(n)
	return b
}

// U32 reads an unsigned LEB128 of at most 32 bits.
func (r *Reader) U32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.Byte()
		v |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v)
		}
	}
	r.Fail(errors.New("has a number over 32 bits"))
	return 0
}

// SkipLEB skips a signed LEB128 of at most 64 bits.
func (r *Reader) SkipLEB() {
	for range 10 {
		if r.Byte()&0x80 == 0 {
			return
		}
	}
	r.Fail(errors.New("has a number over 64 bits"))
}

// Count reads the length of a vector whose elements take at least one byte
// each, so that a length that the bytes cannot hold is refused before anybody
// allocates for it.
func (r *Reader) Count() int {
	n := r.U32()
	if uint64(n) > uint64(r.Left()) {
		r.Fail(errTruncated)
		return 0
	}
	return int(n)
}

// Name reads a name: its length and its bytes.
func (r *Reader) Name() string { return string(r.Bytes(r.U32())) }

// SkipConstExpr skips a constant expression with its end.
func (r *Reader) SkipConstExpr() {
	for r.err == nil {
		switch op := r.Byte(); op {
		case 0x0b: // end
			return
		case 0x41, 0x42, 0xd0: // i32.const, i64.const, ref.null
			r.SkipLEB()
		case 0x43: // f32.const
			r.Bytes(4)
		case 0x44: // f64.const
			r.Bytes(8)
		case 0x23, 0xd2: // global.get, ref.func
			r.U32()
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // extended constant arithmetic
		case 0xfd: // v128.const
			if r.U32() != 12 {
				r.Fail(errors.New("has an unknown constant expression"))
			}
			r.Bytes(16)
		default:
			r.Fail(errors.New("has an unknown constant expression"))
		}
	}
}
