package loadtest_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// seen is a server that notes what arrives.
type seen struct {
	mu       sync.Mutex
	requests map[string]int
	headers  http.Header
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests[r.Method+" "+r.URL.String()+" "+string(body)]++
	s.headers = r.Header.Clone()
	s.mu.Unlock()
	switch r.URL.Path {
	case "/missing":
		w.WriteHeader(http.StatusNotFound)
	case "/chunks":
		for range 3 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
			_ = http.NewResponseController(w).Flush()
		}
	default:
		_, _ = io.WriteString(w, "hello")
	}
}

// noted returns what arrived so far: the last requests may still be under way.
func (s *seen) noted() (requests map[string]int, headers http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests), s.headers
}

func (s *seen) total() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.requests {
		n += int64(times)
	}
	return n
}

func generators(t *testing.T) map[string]loadtest.Generator {
	all := map[string]loadtest.Generator{"sockets": loadtest.Sockets{}}
	if wrk, ok := loadtest.FindWrk(t.Context()); ok {
		all["wrk"] = wrk
	}
	return all
}

func TestGeneratorsSendEveryRequestInTurnAndCountTheAnswers(t *testing.T) {
	for name, generator := range generators(t) {
		t.Run(name, func(t *testing.T) {
			handler := &seen{requests: map[string]int{}}
			server := httptest.NewServer(handler)
			defer server.Close()
			host := server.Listener.Addr().String()
			res, err := generator.Run(t.Context(), loadtest.Load{
				Address: host, Clients: 4, Duration: time.Second,
				Requests: []loadtest.Request{
					loadtest.NewRequest("GET", host, "/plain?a=1", "", ""),
					loadtest.NewRequest("GET", host, "/chunks", "", ""),
					loadtest.NewRequest("POST", host, "/refs", "application/json", `{"a":1}`),
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"GET /plain?a=1 ", "GET /chunks ", `POST /refs {"a":1}`} {
				if requests, _ := handler.noted(); requests[want] == 0 {
					t.Errorf("%q never arrived; what did: %v", want, requests)
				}
			}
			_, headers := handler.noted()
			if got := headers.Get("Accept-Encoding"); got != "" {
				t.Errorf("Accept-Encoding %q was sent", got)
			}
			// A request may still be under way when the time is up.
			if all := handler.total(); res.Requests == 0 || res.Requests > all || all > res.Requests+4 {
				t.Errorf("counted %d requests, the server %d", res.Requests, all)
			}
			if res.Errors != 0 || res.Bytes == 0 || res.P50 <= 0 || res.P99 < res.P50 || res.Rate() <= 0 {
				t.Errorf("result %+v", res)
			}
		})
	}
}

func TestGeneratorsCountErrorStatuses(t *testing.T) {
	for name, generator := range generators(t) {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&seen{requests: map[string]int{}})
			defer server.Close()
			host := server.Listener.Addr().String()
			res, err := generator.Run(t.Context(), loadtest.Load{
				Address: host, Clients: 1, Duration: time.Second,
				Requests: []loadtest.Request{loadtest.NewRequest("GET", host, "/missing", "", "")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if res.Errors == 0 || res.Errors != res.Requests {
				t.Errorf("%d errors of %d requests, want all", res.Errors, res.Requests)
			}
		})
	}
}

func TestSocketsReportsAServerThatIsGone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	host := server.Listener.Addr().String()
	server.Close()
	_, err := loadtest.Sockets{}.Run(t.Context(), loadtest.Load{
		Address: host, Clients: 2, Duration: time.Second, Requests: []loadtest.Request{loadtest.NewRequest("GET", host, "/", "", "")},
	})
	if err == nil {
		t.Error("no error from a server that is gone")
	}
}
