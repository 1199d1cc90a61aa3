package quantity

import (
	"sync"
	"time"
)

// Rate counts what happens within a minute, by key. It is safe for concurrent use.
type Rate struct {
	limit int
	now   func() time.Time

	mu     sync.Mutex
	minute map[string]*minute
}

type minute struct {
	start time.Time
	count int
}

// NewRate returns a rate of at most limit a minute.
func NewRate(limit int, now func() time.Time) *Rate {
	return &Rate{limit: limit, now: now, minute: map[string]*minute{}}
}

// Take counts n of a key, all or none, and reports whether the limit allows it.
func (r *Rate) Take(key string, n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.minute[key]
	if m == nil {
		m = &minute{}
		r.minute[key] = m
	}
	now := r.now()
	if since := now.Sub(m.start); since >= time.Minute || since < 0 {
		*m = minute{start: now}
	}
	if m.count+n > r.limit {
		return false
	}
	m.count += n
	return true
}
