package app

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// A refresh waits for all of its reads. One descriptor can name ten thousand
// URLs of a host that takes its time; so a host that is slow again and again is
// left alone for a while, and its sources keep their last good version.
const (
	slowRead   = 5 * time.Second // an exchange with its body
	slowInARow = 3
	slowRest   = time.Minute
)

// slowHosts decorates the client that reads sources. It is safe for concurrent use.
type slowHosts struct {
	next source.HTTPClient
	now  func() time.Time

	mu    sync.Mutex
	hosts map[string]*slowness
}

type slowness struct {
	inARow int
	until  time.Time
}

func newSlowHosts(next source.HTTPClient, now func() time.Time) *slowHosts {
	return &slowHosts{next: next, now: now, hosts: map[string]*slowness{}}
}

// Do implements source.HTTPClient. Fault: Timeout for a host that rests.
func (s *slowHosts) Do(r *http.Request) (*http.Response, error) {
	host, began := r.URL.Host, s.now()
	if until, rests := s.rests(host, began); rests {
		return nil, fault.New(fault.Timeout, "%s was too slow %d times in a row; it is asked again after %s", host, slowInARow, until.UTC().Format(time.RFC3339))
	}
	res, err := s.next.Do(r)
	if err != nil {
		s.note(host, began)
		return nil, err //nolint:wrapcheck // a decorator says what is decorated
	}
	res.Body = &timedBody{ReadCloser: res.Body, done: sync.OnceFunc(func() { s.note(host, began) })}
	return res, nil
}

func (s *slowHosts) rests(host string, now time.Time) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[host]
	if h == nil {
		return time.Time{}, false
	}
	return h.until, now.Before(h.until)
}

// note takes down how long an exchange took.
func (s *slowHosts) note(host string, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(began) < slowRead {
		delete(s.hosts, host)
		return
	}
	h := s.hosts[host]
	if h == nil {
		h = &slowness{}
		s.hosts[host] = h
	}
	if h.inARow++; h.inARow >= slowInARow {
		h.until = now.Add(slowRest)
	}
}

// timedBody tells when the body was let go.
type timedBody struct {
	io.ReadCloser
	done func()
}

func (b *timedBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close() //nolint:wrapcheck // a decorator says what is decorated
}
