package app

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// sloth answers after taking its time on a clock of its own.
type sloth struct {
	now   time.Time
	takes time.Duration
	asked int
}

func (s *sloth) Do(*http.Request) (*http.Response, error) {
	s.asked++
	return &http.Response{Body: &drip{s}}, nil
}

// drip takes its time when the body is read.
type drip struct{ s *sloth }

func (d *drip) Read([]byte) (int, error) { d.s.now = d.s.now.Add(d.s.takes); return 0, io.EOF }
func (d *drip) Close() error             { return nil }

func TestAHostThatIsSlowAgainAndAgainRests(t *testing.T) {
	s := &sloth{now: time.Unix(1_000_000, 0), takes: 9 * time.Second}
	client := newSlowHosts(s, func() time.Time { return s.now })
	ask := func(url string) error {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			return err
		}
		if _, err := io.ReadAll(res.Body); err != nil {
			t.Fatal(err)
		}
		return res.Body.Close()
	}
	for range 100 {
		_ = ask("https://slow.example.com/x")
	}
	if s.asked != slowInARow {
		t.Fatalf("asked %d times", s.asked)
	}
	if err := ask("https://slow.example.com/y"); !fault.Is(err, fault.Timeout) || !strings.Contains(err.Error(), "slow.example.com was too slow") {
		t.Errorf("got %v", err)
	}
	if err := ask("https://other.example.com/x"); err != nil {
		t.Errorf("another host suffers: %v", err)
	}
	s.now = s.now.Add(slowRest)
	if err := ask("https://slow.example.com/x"); err != nil || s.asked != slowInARow+2 {
		t.Errorf("after its rest: %v, asked %d times", err, s.asked)
	}
	if err := ask("https://slow.example.com/x"); err == nil {
		t.Error("it is still slow and was asked at once")
	}
	s.now, s.takes = s.now.Add(slowRest), time.Second
	for range slowInARow + 1 {
		if err := ask("https://slow.example.com/x"); err != nil {
			t.Errorf("it is fast again: %v", err)
		}
	}
}
