package index

import (
	"bytes"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/callboard/callboard/host/internal/catalog"
)

// document is one entity ready to be sent: full is head | relations | tail in
// one piece, and the two offsets tell them apart so that relations which a
// viewer may not see can be cut out.
type document struct {
	full     []byte
	ref      string
	uid      string
	etag     string
	relStart uint32 // first byte after the [ of relations
	relEnd   uint32 // the ] of relations
	incoming []uint64
}

// newDocument joins an entity's parts.
func newDocument(e *catalog.Entity) document {
	body := bytes.TrimRight(e.Body, " \t\r\n")
	if n := len(body); n > 0 && body[n-1] == '}' {
		body = bytes.TrimRight(body[:n-1], " \t\r\n")
	}
	size := len(body) + len(e.Status) + 40
	for i := range e.Relations {
		size += len(e.Relations[i].Type) + len(e.Relations[i].TargetRef) + 27
	}
	d := document{ref: e.Ref, uid: e.UID}
	b := append(make([]byte, 0, size), body...)
	if len(bytes.TrimLeft(body, " \t\r\n")) > 1 {
		b = append(b, ',')
	}
	b = append(b, `"relations":[`...)
	d.relStart = uint32(len(b))
	for i, r := range e.Relations {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"type":`...)
		b = appendJSONString(b, r.Type)
		b = append(b, `,"targetRef":`...)
		b = appendJSONString(b, r.TargetRef)
		b = append(b, '}')
		if r.Incoming {
			if d.incoming == nil {
				d.incoming = make([]uint64, (len(e.Relations)+63)/64)
			}
			d.incoming[i>>6] |= 1 << (i & 63)
		}
	}
	d.relEnd = uint32(len(b))
	b = append(b, ']')
	if len(e.Status) > 0 {
		b = append(b, `,"status":{"items":`...)
		b = append(b, e.Status...)
		b = append(b, '}')
	}
	b = append(b, '}')
	d.full = b
	d.etag = contentTag(d.full)
	return d
}

// contentTag is the strong ETag of an answer: a hash of the very bytes, so
// that it never differs for the same bytes nor says anything about others.
func contentTag(pieces ...[]byte) string {
	h := xxhash.New()
	for _, p := range pieces {
		_, _ = h.Write(p)
	}
	return strconv.FormatUint(h.Sum64(), 16)
}

// relation is one relation inside a document's bytes.
type relation struct {
	kind, target string // as written; they may view the document's bytes
	incoming     bool
	start, end   int // the relation's object in full
}

// relations calls f with each relation in order.
func (d *document) relations(f func(r relation)) {
	s := scanner{data: d.full[:d.relEnd], pos: int(d.relStart)}
	for i := 0; s.pos < len(s.data); i++ {
		s.take(',')
		r := relation{start: s.pos}
		ok := s.object(func(key []byte, _ bool) bool {
			raw, escaped, ok := s.str()
			if !ok {
				return false
			}
			if escaped {
				raw, _ = appendUnescaped(nil, raw)
			}
			if len(key) == len("type") {
				r.kind = text(raw)
			} else {
				r.target = text(raw)
			}
			return true
		})
		if !ok {
			return
		}
		r.end = s.pos
		r.incoming = d.incoming != nil && d.incoming[i>>6]&(1<<(i&63)) != 0
		f(r)
	}
}

// seenBy returns the document's bytes for a reader to whom sees tells which
// refs are visible. Unless something is cut they are the document's own.
func (d *document) seenBy(sees func(ref string) bool) (body []byte, whole bool) {
	if sees == nil || d.incoming == nil {
		return d.full, true
	}
	cut := false
	d.relations(func(r relation) { cut = cut || r.incoming && !sees(r.target) })
	if !cut {
		return d.full, true
	}
	b := append(make([]byte, 0, len(d.full)), d.full[:d.relStart]...)
	d.relations(func(r relation) {
		if r.incoming && !sees(r.target) {
			return
		}
		if b[len(b)-1] == '}' {
			b = append(b, ',')
		}
		b = append(b, d.full[r.start:r.end]...)
	})
	return append(b, d.full[d.relEnd:]...), false
}
