package index

import "unsafe"

// Stats says how large the index is, for metrics.
type Stats struct {
	Revision uint64
	Entities int
	Segments int
	// Bytes is the memory of documents and columns, without what is derived
	// from them on demand.
	Bytes int64
}

// Stats returns the size of the snapshot that answers now.
func (x *Index) Stats() Stats {
	s := x.current.Load()
	stats := Stats{Revision: s.revision, Segments: len(s.parts)}
	for i := range s.parts {
		stats.Entities += s.parts[i].alive
		stats.Bytes += s.parts[i].size
	}
	return stats
}

// mapSlot is about what an entry of a map from string to uint32 takes.
const mapSlot = 40

// weigh adds up what the segment holds.
func (s *segment) weigh() int64 {
	n := 0
	for i := range s.docs {
		d := &s.docs[i]
		n += int(unsafe.Sizeof(*d)) + mapSlot + cap(d.full) + len(d.ref) + len(d.uid) + len(d.etag) + 8*len(d.incoming)
	}
	for _, c := range s.columns {
		n += mapSlot + c.weigh()
	}
	for _, c := range s.incoming {
		n += mapSlot + c.weigh()
	}
	return int64(n + s.flags.weigh())
}

func (c *column) weigh() int {
	n := int(unsafe.Sizeof(*c)) + len(c.key) + cap(c.text) + cap(c.origins)
	n += 4 * (cap(c.offsets) + cap(c.starts) + cap(c.ids) + cap(c.nulls) + cap(c.originOffsets))
	for _, set := range c.dense {
		n += mapSlot + 8*cap(set)
	}
	for _, variants := range c.variants {
		for _, v := range variants {
			n += mapSlot + len(v.origin) + 4*cap(v.ids)
		}
	}
	return n
}
