package index

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// maxUnits is the longest key or value that becomes a row, in UTF-16 units as
// Backstage counts them. A longer key is dropped; a longer value only exists.
const maxUnits = 200

// arena hands out strings from large blocks, for values that differ from the
// bytes they were read from. Its strings live as long as any of them does.
type arena struct{ block []byte }

const arenaBlock = 32 << 10

// room returns an empty slice with capacity for n bytes; keep fixes what was
// appended to it.
func (a *arena) room(n int) []byte {
	if cap(a.block)-len(a.block) < n {
		a.block = make([]byte, 0, max(arenaBlock, n))
	}
	return a.block[len(a.block):len(a.block):cap(a.block)]
}

func (a *arena) keep(b []byte) string {
	if len(b) <= cap(a.block)-len(a.block) && len(b) > 0 {
		a.block = a.block[:len(a.block)+len(b)]
	}
	return text(b)
}

// text views bytes that nobody writes any more as a string.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the bytes are never written again
}

// bytesOf views a string as bytes that nobody may write.
func bytesOf(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // the callers only read
}

// folded reports whether lower-casing would leave b as it is; ascii whether
// all of b is ASCII.
func folded(b []byte) (same, ascii bool) {
	same, ascii = true, true
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false, false
		}
		if 'A' <= c && c <= 'Z' {
			same = false
		}
	}
	return same, ascii
}

// appendFolded appends b in lower case, the same mapping as strings.ToLower.
func appendFolded(dst, b []byte) []byte {
	same, ascii := folded(b)
	switch {
	case same:
		return append(dst, b...)
	case !ascii:
		return append(dst, bytes.ToLower(b)...)
	}
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// fits reports whether b has at most maxUnits UTF-16 units.
func fits(b []byte) bool {
	const limit = maxUnits
	if len(b) <= limit {
		return true
	}
	if len(b) > 3*limit {
		return false
	}
	units := 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		units++
		if r > 0xffff {
			units++
		}
		b = b[n:]
	}
	return units <= limit
}

// appendNumber appends a JSON number as JavaScript's String() writes it,
// which is how numbers became text in Backstage's rows.
func appendNumber(dst, raw []byte) ([]byte, bool) {
	if plainInteger(raw) {
		return append(dst, raw...), true
	}
	for _, c := range raw { // ParseFloat reads more than JSON has
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return dst, false
		}
	}
	f, err := strconv.ParseFloat(text(raw), 64)
	if err != nil && !math.IsInf(f, 0) {
		return dst, false
	}
	switch abs := math.Abs(f); {
	case f == 0:
		return append(dst, '0'), true
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...), true
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...), true
	case abs < 1e21 && abs >= 1e-6:
		return strconv.AppendFloat(dst, f, 'f', -1, 64), true
	default:
		// Go writes e-07 where JavaScript writes e-7.
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
		if n := len(dst); n-start > 3 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
			dst = append(dst[:n-2], dst[n-1])
		}
		return dst, true
	}
}

// plainInteger reports whether raw is an integer that any float64 holds and
// that is written the same way everywhere.
func plainInteger(raw []byte) bool {
	digits := bytes.TrimPrefix(raw, []byte("-"))
	if len(digits) == 0 || len(digits) > 15 || (digits[0] == '0' && len(raw) > 1) {
		return false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
