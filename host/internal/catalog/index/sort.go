package index

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// sortRows returns the places of rows in the order of value, id and place, and
// for each distinct value where its places end.
func sortRows(rows []row) (order, ends []uint32) {
	if order, ends, ok := groupRows(rows); ok {
		return order, ends
	}
	shared := sharedPrefix(rows)
	s := rowSorter{rows: rows, entries: make([]sortEntry, len(rows))}
	for i := range rows {
		s.entries[i] = sortEntry{head: headOf(rows[i].folded[shared:]), at: uint32(i)}
	}
	s.sort(s.entries, shared)
	order = make([]uint32, len(rows))
	for i, e := range s.entries {
		order[i] = e.at
	}
	return order, s.ends
}

// rowSorter sorts by eight bytes of text at a time, as numbers, and looks at
// the strings again only where those are equal: most values of a key begin
// alike (urls, refs), so comparing strings would read the same bytes over and over.
type rowSorter struct {
	rows    []row
	entries []sortEntry
	ends    []uint32 // where values end; entries are finished from left to right
	done    uint32
}

// finish says that the next n entries have one value.
func (s *rowSorter) finish(n int) {
	s.done += uint32(n)
	s.ends = append(s.ends, s.done)
}

// sortEntry is a row and its text from some depth on.
type sortEntry struct {
	head uint64
	at   uint32
}

const headSize = 8

// sort orders entries whose texts are equal up to depth and whose heads are
// the bytes there.
func (s *rowSorter) sort(entries []sortEntry, depth int) {
	slices.SortFunc(entries, func(a, b sortEntry) int { return cmp.Compare(a.head, b.head) })
	for i := 0; i < len(entries); {
		end := i + 1
		for end < len(entries) && entries[end].head == entries[i].head {
			end++
		}
		if end-i > 1 {
			s.sortEqual(entries[i:end], depth)
		} else {
			s.finish(1)
		}
		i = end
	}
}

// sortEqual orders entries with one head.
func (s *rowSorter) sortEqual(entries []sortEntry, depth int) {
	shortest, longest := s.length(entries[0]), s.length(entries[0])
	for _, e := range entries[1:] {
		shortest, longest = min(shortest, s.length(e)), max(longest, s.length(e))
	}
	switch {
	case shortest >= depth+headSize && longest > shortest || shortest > depth+headSize:
		for i := range entries {
			entries[i].head = headOf(s.rows[entries[i].at].folded[depth+headSize:])
		}
		s.sort(entries, depth+headSize)
	case shortest == longest: // and so equal
		slices.SortFunc(entries, s.byID)
		s.finish(len(entries))
	default: // a text that ends within the head and one with zero bytes there
		slices.SortFunc(entries, func(a, b sortEntry) int {
			return cmp.Or(strings.Compare(s.rows[a.at].folded, s.rows[b.at].folded), s.byID(a, b))
		})
		for i := 0; i < len(entries); {
			end := i + 1
			for end < len(entries) && s.rows[entries[end].at].folded == s.rows[entries[i].at].folded {
				end++
			}
			s.finish(end - i)
			i = end
		}
	}
}

func (s *rowSorter) length(e sortEntry) int { return len(s.rows[e.at].folded) }

func (s *rowSorter) byID(a, b sortEntry) int {
	return cmp.Or(cmp.Compare(s.rows[a.at].id, s.rows[b.at].id), cmp.Compare(a.at, b.at))
}

// groupRows sorts rows with few distinct values: it counts instead of
// comparing. It declines where a sample has many, or ids do not ascend.
func groupRows(rows []row) (order, ends []uint32, ok bool) {
	const samples, few = 128, 40
	if len(rows) < 2*samples {
		return nil, nil, false
	}
	groups := make(map[string]uint32, samples)
	for i := 0; i < len(rows); i += len(rows) / samples {
		groups[rows[i].folded] = 0
	}
	if len(groups) > few {
		return nil, nil, false
	}
	clear(groups)
	var values []string
	var counts []uint32
	member := make([]uint32, len(rows))
	for i := range rows {
		if i > 0 && rows[i].id < rows[i-1].id {
			return nil, nil, false
		}
		g, ok := groups[rows[i].folded]
		if !ok {
			g = uint32(len(values))
			groups[rows[i].folded] = g
			values = append(values, rows[i].folded)
			counts = append(counts, 0)
		}
		member[i] = g
		counts[g]++
	}
	ranked := make([]uint32, len(values))
	for g := range ranked {
		ranked[g] = uint32(g)
	}
	slices.SortFunc(ranked, func(a, b uint32) int { return strings.Compare(values[a], values[b]) })
	next := make([]uint32, len(values))
	place := uint32(0)
	for _, g := range ranked {
		next[g] = place
		place += counts[g]
		ends = append(ends, place)
	}
	order = make([]uint32, len(rows))
	for i, g := range member {
		order[next[g]] = uint32(i)
		next[g]++
	}
	return order, ends, true
}

func sharedPrefix(rows []row) int {
	if len(rows) == 0 {
		return 0
	}
	first := rows[0].folded
	n := len(first)
	for i := range rows {
		s := rows[i].folded
		n = min(n, len(s))
		for s[:n] != first[:n] {
			n--
		}
	}
	return n
}

// headOf returns the first eight bytes so that numbers order as strings do.
func headOf(s string) uint64 {
	if len(s) >= 8 {
		return binary.BigEndian.Uint64(bytesOf(s))
	}
	var b [8]byte
	copy(b[:], s)
	return binary.BigEndian.Uint64(b[:])
}
