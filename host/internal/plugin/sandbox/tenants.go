package sandbox

import (
	"context"
	"fmt"
	"sync"

	"github.com/callboard/callboard/host/internal/fault"
)

// Tenants counts the goroutines inside of a plugin's code, which is freed when
// it is closed and nobody is inside: never below the feet of a call.
type Tenants struct {
	Free func() // called once

	mu      sync.Mutex
	closing bool
	inside  int
	idle    chan struct{} // closed when closing and nobody is inside
	freed   sync.Once
}

var errClosed = &fault.Error{Kind: fault.Unavailable, Message: "the plugin is being unloaded"}

// Enter counts a goroutine in that is about to run guest code.
// Fault: Unavailable (the code is being closed).
func (t *Tenants) Enter() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing {
		return errClosed
	}
	t.inside++
	return nil
}

// Leave counts it out.
func (t *Tenants) Leave() {
	t.mu.Lock()
	t.inside--
	last := t.closing && t.inside == 0
	t.mu.Unlock()
	if last {
		close(t.idle)
		t.freed.Do(t.Free)
	}
}

// Inside returns how many there are.
func (t *Tenants) Inside() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inside
}

// Close lets nobody in any more and waits for those inside until ctx ends; the
// last of them then frees the code.
func (t *Tenants) Close(ctx context.Context) error {
	t.mu.Lock()
	if !t.closing {
		t.closing = true
		t.idle = make(chan struct{})
		if t.inside == 0 {
			close(t.idle)
		}
	}
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
		t.freed.Do(t.Free)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("calls are still running: %w", ctx.Err())
	}
}
