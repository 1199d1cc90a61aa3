package plugin

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets that grow by an eighth: 8 per power of
// two of nanoseconds, so a quantile is off by at most 12.5 %.
type histogram struct {
	counts [64 * 8]uint32
	total  uint64
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
}

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 1))
	exp := bits.Len64(n) - 1
	if exp < 3 {
		return exp * 8
	}
	return exp*8 + int(n>>(exp-3)&7)
}

func upperBound(bucket int) time.Duration {
	exp, part := bucket/8, uint64(bucket%8)
	if exp < 3 {
		return time.Duration(1<<(exp+1) - 1)
	}
	return time.Duration((8+part+1)<<(exp-3) - 1)
}

// quantile returns an upper bound of the q-quantile of both histograms
// together, 0 if they are empty.
func quantile(q float64, hs ...*histogram) time.Duration {
	total := uint64(0)
	for _, h := range hs {
		total += h.total
	}
	if total == 0 {
		return 0
	}
	rank, seen := max(uint64(q*float64(total)+0.5), 1), uint64(0)
	for b := range hs[0].counts {
		for _, h := range hs {
			seen += uint64(h.counts[b])
		}
		if seen >= rank {
			return upperBound(b)
		}
	}
	return 0
}
