// Package quantity reads amounts as scopes write them.
//
// Owns: bytes with binary suffixes. Does not own: which amounts a scope has (the capabilities).
// Flow: scope of a manifest or a grant → Bytes → a quota.
package quantity

import (
	"math"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bytes reads "1048576", "1024KiB", "1MiB" or "1GiB". Fault: Invalid.
func Bytes(s string) (int64, error) {
	for suffix, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
			if err != nil || n < 0 || n > math.MaxInt64/factor {
				break
			}
			return n * factor, nil
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
		return n, nil
	}
	return 0, fault.New(fault.Invalid, "quota %q: write a whole number of bytes, or with KiB, MiB or GiB", s)
}
