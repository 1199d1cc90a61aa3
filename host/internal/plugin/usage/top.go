package usage

import (
	"cmp"
	"slices"
	"time"
)

// topSize is how many keys a top knows. Whoever costs more than a
// thirty-second of all is among them, however many keys there are.
const topSize = 32

// perCall is what a call weighs beside its time inside of the guest, so that
// calls which hardly compute count too.
const perCall = 20 * time.Microsecond

// top finds the keys that cost most among any number of keys, in bounded
// memory: a new key takes the place, and the weight, of the lightest one
// (Metwally's space-saving).
type top[K comparable] struct {
	places  map[K]int
	entries []entry[K]
}

type entry[K comparable] struct {
	key    K
	weight time.Duration // at most too high by what the place weighed before
	calls  uint64        // since the key took its place
	guest  time.Duration
}

func (t *top[K]) add(key K, guest time.Duration) {
	if t.places == nil {
		t.places = make(map[K]int, topSize)
	}
	i, known := t.places[key]
	switch {
	case known:
	case len(t.entries) < topSize:
		i = len(t.entries)
		t.entries = append(t.entries, entry[K]{key: key})
		t.places[key] = i
	default:
		i = t.lightest()
		delete(t.places, t.entries[i].key)
		t.entries[i] = entry[K]{key: key, weight: t.entries[i].weight}
		t.places[key] = i
	}
	e := &t.entries[i]
	e.weight += guest + perCall
	e.calls++
	e.guest += guest
}

func (t *top[K]) lightest() int {
	best := 0
	for i := range t.entries {
		if t.entries[i].weight < t.entries[best].weight {
			best = i
		}
	}
	return best
}

// heaviest merges two tops and returns at most n entries of them.
func heaviest[K comparable](n int, tops ...*top[K]) []entry[K] {
	sum := map[K]entry[K]{}
	for _, t := range tops {
		for _, e := range t.entries {
			s := sum[e.key]
			sum[e.key] = entry[K]{e.key, s.weight + e.weight, s.calls + e.calls, s.guest + e.guest}
		}
	}
	out := make([]entry[K], 0, len(sum))
	for _, e := range sum {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b entry[K]) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.calls, a.calls))
	})
	return out[:min(n, len(out))]
}
