package job

import (
	"context"
	"sync"
)

// Carrier brings errands to replicas that have room. It may lose one, and may
// bring one twice or late: the store decides what is to be done, and the round
// of Tasks sends again what was lost.
type Carrier interface {
	// Start makes the carrier call advance, from several goroutines, until Close.
	Start(ctx context.Context, advance func(ctx context.Context, task string)) error
	// Send asks that some replica advances a task. Priority is 1 to 4, 1 first.
	Send(ctx context.Context, task string, priority int) error
	// Close waits for what advances until ctx ends, and cancels it then.
	Close(ctx context.Context) error
}

// Local is a Carrier inside one process, for tests and programs without a
// database of their own.
type Local struct {
	mu      sync.Mutex
	waiting []string
	advance func(ctx context.Context, task string)
	stop    context.CancelFunc
	wake    chan struct{}
	ended   chan struct{}
}

// NewLocal returns a carrier that advances one task at a time.
func NewLocal() *Local { return &Local{wake: make(chan struct{}, 1)} }

// Start implements Carrier.
func (l *Local) Start(ctx context.Context, advance func(ctx context.Context, task string)) error {
	ctx, l.stop = context.WithCancel(ctx)
	l.advance, l.ended = advance, make(chan struct{})
	go func() {
		defer close(l.ended)
		for {
			select {
			case <-ctx.Done():
				return
			case <-l.wake:
				l.Drain(ctx)
			}
		}
	}()
	return nil
}

// Send implements Carrier.
func (l *Local) Send(_ context.Context, task string, _ int) error {
	l.mu.Lock()
	l.waiting = append(l.waiting, task)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
	return nil
}

// Drain advances what was sent, on the caller's goroutine.
func (l *Local) Drain(ctx context.Context) {
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 || ctx.Err() != nil {
			l.mu.Unlock()
			return
		}
		task := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		l.advance(ctx, task)
	}
}

// Close implements Carrier.
func (l *Local) Close(context.Context) error {
	if l.stop != nil {
		l.stop()
		<-l.ended
	}
	return nil
}
