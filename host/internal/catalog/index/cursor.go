package index

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
)

// cursor is a place in a query: the whole query, where its reader stands and
// which way to go on. It names the place by values, not by number, so that it
// stays right while entities come and go.
type cursor struct {
	criteria *criteria
	orders   []catalog.Order
	from     *position
	back     bool
}

const (
	cursorVersion = 1
	sealSize      = 16 // bytes of HMAC-SHA256 that a cursor keeps
	maxCursor     = 1 << 20
)

// seal writes a cursor for one viewer: base64url of the payload and a MAC over
// the viewer's key and the payload.
func (x *Index) seal(viewer string, c *cursor) string {
	b := make([]byte, 0, 256)
	b = append(b, cursorVersion, flagByte(c.back))
	b = c.criteria.encode(b)
	b = binary.AppendUvarint(b, uint64(len(c.orders)))
	for i, o := range c.orders {
		b = append(appendString(b, o.Field), flagByte(o.Desc), flagByte(c.from.has[i]))
		b = appendString(b, c.from.values[i])
	}
	b = appendString(appendString(b, c.from.uid), c.from.ref)
	b = append(b, x.mac(viewer, b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (x *Index) mac(viewer string, payload []byte) []byte {
	h := hmac.New(sha256.New, x.key)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(viewer)))
	h.Write(size[:])
	h.Write(bytesOf(viewer))
	h.Write(payload)
	return h.Sum(nil)[:sealSize]
}

// open reads a cursor that this viewer was given. Faults: Invalid.
func (x *Index) open(viewer, sealed string) (*cursor, error) {
	malformed := fault.New(fault.Invalid, "malformed cursor")
	if len(sealed) > maxCursor {
		return nil, malformed
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(b) < sealSize+2 {
		return nil, malformed
	}
	payload, tag := b[:len(b)-sealSize], b[len(b)-sealSize:]
	if !hmac.Equal(tag, x.mac(viewer, payload)) || payload[0] != cursorVersion {
		return nil, malformed
	}
	c, ok := x.decodeCursor(payload[1:])
	if !ok {
		return nil, malformed
	}
	return c, nil
}

// decodeCursor reads what seal wrote.
func (x *Index) decodeCursor(payload []byte) (*cursor, bool) {
	r := reader{b: payload}
	c := &cursor{back: r.flag(), criteria: &criteria{limits: &x.limits}, from: &position{}}
	for range r.count() {
		terms := make([]catalog.Term, 0, 4)
		for range r.count() {
			terms = append(terms, catalog.Term{Key: r.str(), Values: r.strs()})
		}
		c.criteria.filter = append(c.criteria.filter, terms)
	}
	has := r.flag()
	if predicate := r.str(); has {
		c.criteria.predicate = []byte(predicate)
	}
	c.criteria.term = r.str()
	c.criteria.fields = r.strs()
	for range r.count() {
		c.orders = append(c.orders, catalog.Order{Field: r.str(), Desc: r.flag()})
		c.from.has = append(c.from.has, r.flag())
		c.from.values = append(c.from.values, r.str())
	}
	c.from.uid, c.from.ref = r.str(), r.str()
	return c, !r.failed && len(r.b) == 0
}

// reader takes values off bytes; after the first that is not there, all are zero.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) flag() bool {
	if len(r.b) == 0 || r.b[0] > 1 {
		r.fail()
		return false
	}
	set := r.b[0] == 1
	r.b = r.b[1:]
	return set
}

// count reads a length, which is never more than the bytes that are left.
func (r *reader) count() int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(len(r.b)-size) {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *reader) str() string {
	n := r.count()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) strs() []string {
	n := r.count()
	if n == 0 {
		return nil
	}
	list := make([]string, 0, min(n, 64))
	for range n {
		list = append(list, r.str())
		if r.failed {
			return nil
		}
	}
	return list
}

func (r *reader) fail() { r.failed, r.b = true, nil }
