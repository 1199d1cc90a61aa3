package source

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bounds of how long a host is left alone after it said that it had enough.
const (
	firstRest = time.Minute // when it does not say how long; doubles
	maxRest   = 6 * time.Hour
)

// Pace decorates the client of one integration: a host whose rate limit is used
// up is not asked again before it said that it answers, with the credential
// that used it up. It is safe for concurrent use.
type Pace struct {
	next HTTPClient
	name string // whose limit it is, where requests do not say
	now  func() time.Time

	mu     sync.Mutex
	limits map[limit]*rest
}

// limit is what a host counts, and for whom: see WithLimit.
type limit struct{ host, name string }

type rest struct {
	until  time.Time
	inARow int // refusals that did not say how long
}

// NewPace returns a Pace. name is the integration, or empty for none.
func NewPace(next HTTPClient, name string, now func() time.Time) *Pace {
	return &Pace{next: next, name: name, now: now, limits: map[limit]*rest{}}
}

// Do implements HTTPClient. Fault: Unavailable for a host that rests, with the
// time at which it is asked again.
func (p *Pace) Do(r *http.Request) (*http.Response, error) {
	l := limit{r.URL.Host, p.name}
	if name, ok := r.Context().Value(limitKey{}).(string); ok {
		l.name = name
	}
	if until, rests := p.rests(l); rests {
		return nil, l.refusal(until)
	}
	res, err := p.next.Do(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // a decorator says what is decorated
	}
	if until, limited := p.note(l, res); limited {
		drain(res.Body)
		return nil, l.refusal(until)
	}
	return res, nil
}

func (l limit) refusal(until time.Time) error {
	of := ""
	if l.name != "" {
		of = " of " + l.name
	}
	return fault.New(fault.Unavailable, "%s has had enough requests: the rate limit%s is used up; it is asked again after %s", l.host, of, until.UTC().Format(time.RFC3339))
}

func (p *Pace) rests(l limit) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.limits[l]
	if h == nil {
		return time.Time{}, false
	}
	return h.until, p.now().Before(h.until)
}

// note takes down what an answer says of the limit, and whether it is a
// refusal because of it.
func (p *Pace) note(l limit, res *http.Response) (until time.Time, limited bool) {
	now := p.now()
	until, known := p.until(now, res)
	limited = refused(res)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !limited && !known {
		delete(p.limits, l)
		return until, false
	}
	h := p.limits[l]
	if h == nil {
		h = &rest{}
		p.limits[l] = h
	}
	if !known {
		until = now.Add(min(firstRest<<min(h.inARow, 10), maxRest))
		h.inARow++
	}
	if until.After(h.until) {
		h.until = until
	}
	return h.until, limited
}

// until reads when the host answers again; false when the answer does not say,
// or says that there are requests left.
func (p *Pace) until(now time.Time, res *http.Response) (time.Time, bool) {
	bounded := func(t time.Time) (time.Time, bool) {
		if limit := now.Add(maxRest); t.After(limit) {
			t = limit
		}
		return t, true
	}
	busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusServiceUnavailable
	if text := res.Header.Get("Retry-After"); text != "" && busy {
		if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
			return bounded(now.Add(time.Duration(min(seconds, 1<<20)) * time.Second))
		}
		if at, err := http.ParseTime(text); err == nil {
			return bounded(at)
		}
	}
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-"} {
		if res.Header.Get(prefix+"Remaining") != "0" {
			continue
		}
		seconds, err := strconv.ParseInt(res.Header.Get(prefix+"Reset"), 10, 64)
		if err != nil || seconds < 0 {
			continue
		}
		if seconds < 1_000_000_000 { // of the IETF's draft: from now
			return bounded(now.Add(time.Duration(min(seconds, 1<<20)) * time.Second))
		}
		return bounded(time.Unix(seconds, 0))
	}
	return time.Time{}, false
}

// refused reports whether an answer is a refusal because of a limit. 403 is
// one where the header says so, or where GitHub says it in words.
func refused(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		return res.Header.Get("Retry-After") != ""
	case http.StatusForbidden:
		if res.Header.Get("Retry-After") != "" || res.Header.Get("X-RateLimit-Remaining") == "0" || res.Header.Get("RateLimit-Remaining") == "0" {
			return true
		}
		said, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(said), res.Body), res.Body}
		return strings.Contains(strings.ToLower(string(said)), "rate limit")
	default:
		return false
	}
}
