package sandbox

import (
	"context"
	"sync"
)

// Slots bounds how many compiles run at once, abandoned ones included, and
// serialises those of one digest.
type Slots struct {
	free chan struct{}

	mu   sync.Mutex
	busy map[string]chan struct{} // digest -> closed when its compile ends
}

// NewSlots returns n of them.
func NewSlots(n int) *Slots {
	return &Slots{free: make(chan struct{}, n), busy: map[string]chan struct{}{}}
}

// Take waits for the digest and a slot. The result gives both back.
func (s *Slots) Take(ctx context.Context, digest string) (func(), error) {
	done := make(chan struct{})
	for {
		s.mu.Lock()
		running, taken := s.busy[digest]
		if !taken {
			s.busy[digest] = done
		}
		s.mu.Unlock()
		if !taken {
			break
		}
		select {
		case <-running:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	leave := func() {
		s.mu.Lock()
		delete(s.busy, digest)
		s.mu.Unlock()
		close(done)
	}
	select {
	case s.free <- struct{}{}:
		return func() { <-s.free; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
