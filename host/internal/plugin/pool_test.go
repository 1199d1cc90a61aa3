package plugin_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
)

// held is a guest that answers when it is told to.
func held() (s *script, entered chan struct{}, leave chan struct{}) {
	entered, leave = make(chan struct{}, 100), make(chan struct{})
	return &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		entered <- struct{}{}
		select {
		case <-leave:
			return empty(ctx, in, d)
		case <-ctx.Done():
			return nil, fault.Wrap(fault.Timeout, ctx.Err(), "stopped")
		}
	}}, entered, leave
}

// until waits for a status of the plugin; the test's own time limit ends it.
func until(t *testing.T, st *plugintest.Stage, condition func(plugin.Status) bool) {
	t.Helper()
	for {
		status, err := st.Get("xx")
		if err != nil {
			t.Fatal(err)
		}
		if condition(status) {
			return
		}
		runtime.Gosched()
	}
}

func TestQueueIsBounded(t *testing.T) {
	s, entered, leave := held()
	st := stage(t, s, plugin.Limits{Instances: 1, Queue: 1, Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Hour}})
	done := make(chan error, 3)
	go func() { done <- send(st) }()
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	waiting := make(chan error)
	go func() {
		_, err := st.Send(ctx, "xx", "")
		waiting <- err
	}()
	until(t, st, func(s plugin.Status) bool { return s.Instances.Waiting == 1 })
	full := send(st)
	wantKind(t, full, fault.Exhausted)
	var busy *plugin.Busy
	if !errors.As(full, &busy) || busy.RetryAfter() <= 0 {
		t.Errorf("the refusal is %v, want one with a time to retry", full)
	}
	cancel()
	wantKind(t, <-waiting, fault.Unavailable)
	go func() { done <- send(st) }()
	until(t, st, func(s plugin.Status) bool { return s.Instances.Waiting == 1 })
	close(leave)
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("a call that waited: %v", err)
		}
	}
	if s.made != 1 {
		t.Errorf("%d instances were made, want 1", s.made)
	}
}

func TestInstancesAreRecycled(t *testing.T) {
	for _, tc := range []struct {
		name   string
		limits plugin.Limits
		memory uint64
		calls  int
		made   int
	}{
		{"after their calls", plugin.Limits{MaxCalls: 3}, 0, 9, 3},
		{"for their size", plugin.Limits{MemoryBytes: 100}, 76, 3, 3},
		{"not for less", plugin.Limits{MemoryBytes: 100}, 75, 3, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &script{handle: empty, memory: tc.memory}
			st := stage(t, s, tc.limits)
			for range tc.calls {
				if err := send(st); err != nil {
					t.Fatal(err)
				}
			}
			if s.made != tc.made {
				t.Errorf("%d instances were made for %d calls, want %d", s.made, tc.calls, tc.made)
			}
		})
	}
}

func TestIdleInstancesGo(t *testing.T) {
	s := &script{handle: empty}
	st := stage(t, s, plugin.Limits{IdleAfter: time.Minute})
	if err := st.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := send(st); err != nil {
		t.Fatal(err)
	}
	st.Clock.Advance(59 * time.Second)
	if s.alive() != 1 {
		t.Error("gone too early")
	}
	st.Clock.Advance(2 * time.Second)
	if s.alive() != 0 {
		t.Error("still there after its idle time")
	}
	if err := send(st); err != nil || s.alive() != 1 {
		t.Errorf("afterwards: %v, %d alive", err, s.alive())
	}
}

func TestCloseDrains(t *testing.T) {
	t.Run("calls in progress end", func(t *testing.T) {
		s, entered, leave := held()
		st := stage(t, s, plugin.Limits{})
		call, closed := make(chan error), make(chan error)
		go func() { call <- send(st) }()
		<-entered
		go func() { closed <- st.Close(context.Background()) }()
		until(t, st, func(s plugin.Status) bool { return s.State == plugin.Draining })
		wantKind(t, send(st), fault.Unavailable)
		close(leave)
		if err := <-call; err != nil {
			t.Errorf("the call in progress: %v", err)
		}
		if err := <-closed; err != nil {
			t.Errorf("closing: %v", err)
		}
		if s.alive() != 0 {
			t.Errorf("%d instances are left", s.alive())
		}
	})
	t.Run("and are cancelled when time is up", func(t *testing.T) {
		s, entered, _ := held()
		st := stage(t, s, plugin.Limits{})
		call := make(chan error)
		go func() { call <- send(st) }()
		<-entered
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := st.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
		if err := <-call; err == nil {
			t.Error("the call was not cancelled")
		}
	})
}

// Many callers, some impatient, of a guest that crashes now and then: every
// call ends, and nothing leaks.
func TestCrowd(t *testing.T) {
	s := &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		switch rand.IntN(20) {
		case 0:
			return nil, fault.New(fault.Exhausted, "the reply is too long")
		case 1:
			<-ctx.Done()
			return nil, fault.Wrap(fault.Timeout, ctx.Err(), "stopped")
		}
		return empty(ctx, in, d)
	}}
	st := stage(t, s, plugin.Limits{Instances: 3, Queue: 1000, MaxCalls: 7})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(3)+1)*time.Millisecond)
				_, err := st.Send(ctx, "xx", "")
				cancel()
				switch fault.KindOf(err) {
				case fault.Internal:
					if err != nil {
						t.Errorf("a call: %v", err)
					}
				case fault.Exhausted, fault.Timeout, fault.Unavailable:
				default:
					t.Errorf("a call: %v", err)
				}
			}
		})
	}
	wg.Wait()
	status, _ := st.Get("xx")
	if status.Instances.Busy != 0 || status.Instances.Idle > 3 || s.alive() != status.Instances.Idle {
		t.Errorf("afterwards: %+v, %d alive", status.Instances, s.alive())
	}
	if n := st.Gate.Sessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	if status.Calls != 1600 {
		t.Errorf("%d calls were counted, want 1600", status.Calls)
	}
}
