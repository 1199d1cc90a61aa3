package source_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// scripted answers requests one after the other and counts them.
type scripted struct {
	answers []*http.Response
	asked   int
}

func (s *scripted) Do(*http.Request) (*http.Response, error) {
	s.asked++
	return s.answers[min(s.asked, len(s.answers))-1], nil
}

func answer(status int, body string, header ...string) *http.Response {
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(header); i += 2 {
		res.Header.Set(header[i], header[i+1])
	}
	return res
}

func ask(t *testing.T, p *source.Pace) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.Do(r)
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

// A host that had enough is not asked again before it said that it answers,
// and the error says when that is.
func TestPaceWaitsAsLongAsTheHostSays(t *testing.T) {
	start := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	epoch := strconv.FormatInt(start.Add(90*time.Second).Unix(), 10)
	for _, tc := range []struct {
		name   string
		answer *http.Response
		served bool // the answer itself counts
		wait   time.Duration
	}{
		{"429 with seconds", answer(429, "", "Retry-After", "90"), false, 90 * time.Second},
		{"429 with a date", answer(429, "", "Retry-After", start.Add(90*time.Second).Format(http.TimeFormat)), false, 90 * time.Second},
		{"403 of GitHub's limit", answer(403, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", epoch), false, 90 * time.Second},
		{"403 of GitHub's secondary limit", answer(403, `{"message":"You have exceeded a secondary rate limit."}`), false, time.Minute},
		{"503 that says when", answer(503, "", "Retry-After", "90"), false, 90 * time.Second},
		{"429 without a word", answer(429, ""), false, time.Minute},
		{"the last request of a limit", answer(200, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", epoch), true, 90 * time.Second},
		{"the last request of GitLab's limit", answer(200, "", "RateLimit-Remaining", "0", "RateLimit-Reset", epoch), true, 90 * time.Second},
		{"a reset in seconds", answer(200, "", "RateLimit-Remaining", "0", "RateLimit-Reset", "90"), true, 90 * time.Second},
		{"a year", answer(429, "", "Retry-After", "31536000"), false, 6 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now := start
			next := &scripted{answers: []*http.Response{tc.answer, answer(200, "")}}
			pace := source.NewPace(next, "integrations.github[0]", func() time.Time { return now })
			if err := ask(t, pace); (err == nil) != tc.served {
				t.Fatalf("the first request: %v", err)
			}
			now = start.Add(tc.wait - time.Second)
			err := ask(t, pace)
			if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), start.Add(tc.wait).Format(time.RFC3339)) || !strings.Contains(fault.Message(err), "integrations.github[0]") {
				t.Errorf("while it rests: %v", err)
			}
			if next.asked != 1 {
				t.Errorf("it was asked %d times", next.asked)
			}
			now = start.Add(tc.wait)
			if err := ask(t, pace); err != nil || next.asked != 2 {
				t.Errorf("after the rest: %v, asked %d times", err, next.asked)
			}
		})
	}
}

// Without a word from the host each refusal in a row doubles the wait; an
// answer ends that.
func TestPaceBacksOff(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	next := &scripted{answers: []*http.Response{answer(429, ""), answer(429, ""), answer(429, ""), answer(200, ""), answer(429, ""), answer(200, "")}}
	pace := source.NewPace(next, "", func() time.Time { return now })
	for i, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 0, time.Minute} {
		err := ask(t, pace)
		if (err == nil) != (wait == 0) {
			t.Fatalf("request %d: %v", i, err)
		}
		if wait == 0 {
			continue
		}
		now = now.Add(wait - time.Second)
		if err := ask(t, pace); err == nil || next.asked != i+1 {
			t.Fatalf("a second before its time, request %d was sent", i+1)
		}
		now = now.Add(time.Second)
	}
}

// A refusal that is no limit is the caller's to read, body and all.
func TestPaceLeavesOtherRefusalsAlone(t *testing.T) {
	next := &scripted{answers: []*http.Response{answer(403, "no access", "X-RateLimit-Remaining", "4999")}}
	pace := source.NewPace(next, "", time.Now)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		next.answers[0].Body = io.NopCloser(strings.NewReader("no access"))
		res, err := pace.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != "no access" {
			t.Errorf("%q, %v", b, err)
		}
	}
}
