package rawjson

import (
	"encoding/binary"
	"math/bits"
)

// plain returns the index of the first byte at or after i that is not plain
// text inside of a string: a quote, a backslash, a control character or part
// of a rune beyond ASCII; len(b) if there is none. It looks at eight bytes at
// a time, because every turn of a loop has a price in the sandbox.
func plain(b []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := w^(ones*'"'), w^(ones*'\\')
		// The high bit of a byte is set where a subtraction borrows. A borrow
		// goes on to the next byte only from one that is found, so the lowest
		// one found is right.
		if found := ((w - ones*0x20) | (quote - ones) | (backslash - ones) | w) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && isPlain(b[i]) {
		i++
	}
	return i
}

func isPlain(c byte) bool { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' }
