package config

import "strings"

// maxNearest bounds the work for keys that are far longer than any of ours.
const maxNearest = 64

// nearest returns the candidate that word was probably meant to be, or "".
// Case does not count; a third of the letters may be wrong, at least one, and
// the word may go on after the candidate.
func nearest(word string, candidates []string) string {
	best, bound := "", max(1, len(word)/3)+1
	for _, candidate := range candidates {
		if candidate == word || len(word) > 2*maxNearest {
			continue
		}
		d := distance(strings.ToLower(word), strings.ToLower(candidate))
		if len(candidate) > 2 && strings.HasPrefix(word, candidate) {
			d = min(d, 1) // "warning" for "warn", "logLevels" for "logLevel"
		}
		if d < bound {
			best, bound = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, replace or swap with their
// neighbour to get from a to b.
func distance(a, b string) int {
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
