package index

import (
	"sync"
	"sync/atomic"
)

// memo is a bounded cache whose reads take no lock: readers see an immutable
// map, writers replace it. When it is full, entries that nobody asked for
// since the last time it was full make room.
type memo[V any] struct {
	entries atomic.Pointer[map[string]*memoEntry[V]]
	mu      sync.Mutex
	limit   int
}

type memoEntry[V any] struct {
	value V
	asked atomic.Bool
}

// get takes the key as bytes so that a hit allocates nothing.
func (m *memo[V]) get(key []byte) (V, bool) {
	if entries := m.entries.Load(); entries != nil {
		if e, ok := (*entries)[string(key)]; ok {
			if !e.asked.Load() {
				e.asked.Store(true)
			}
			return e.value, true
		}
	}
	var none V
	return none, false
}

func (m *memo[V]) put(key []byte, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.entries.Load()
	next := make(map[string]*memoEntry[V])
	if old != nil {
		full := len(*old) >= m.limit
		for k, e := range *old {
			if !full || e.asked.Swap(false) {
				next[k] = e
			}
		}
		if len(next) >= m.limit { // everything was asked for: any half goes
			for k := range next {
				if len(next) <= m.limit/2 {
					break
				}
				delete(next, k)
			}
		}
	}
	next[string(key)] = &memoEntry[V]{value: value}
	m.entries.Store(&next)
}

// each calls f with every value.
func (m *memo[V]) each(f func(value V)) {
	if entries := m.entries.Load(); entries != nil {
		for _, e := range *entries {
			f(e.value)
		}
	}
}
