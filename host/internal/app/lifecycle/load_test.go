package lifecycle_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// load asks a portal again and again until it is stopped, and counts.
type load struct {
	asked, failed atomic.Int64
	first         atomic.Pointer[string]
	stop          chan struct{}
	done          sync.WaitGroup
}

func startLoad(t *testing.T, url string, clients int) *load {
	l := &load{stop: make(chan struct{})}
	for range clients {
		l.done.Go(func() {
			for !l.stopped() {
				l.asked.Add(1)
				if err := fetch(url); err != nil {
					l.failed.Add(1)
					message := err.Error()
					l.first.CompareAndSwap(nil, &message)
				}
			}
		})
	}
	t.Cleanup(l.end)
	return l
}

func fetch(url string) error {
	res, err := http.Get(url) //nolint:noctx,gosec // ends with the load; a portal of the test
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return err
}

func (l *load) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

func (l *load) end() {
	if !l.stopped() {
		close(l.stop)
	}
	l.done.Wait()
}

// clean ends the load and fails the test if a request failed.
func (l *load) clean(t *testing.T) {
	t.Helper()
	l.end()
	if n := l.failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed; the first: %s", n, l.asked.Load(), *l.first.Load())
	}
	if l.asked.Load() == 0 {
		t.Error("there was no load")
	}
	t.Logf("%d requests meanwhile", l.asked.Load())
}
