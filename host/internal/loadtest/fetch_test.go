package loadtest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/callboard/callboard/host/internal/loadtest"
)

func TestFetch(t *testing.T) {
	server := httptest.NewServer(&seen{requests: map[string]int{}})
	defer server.Close()
	host := server.Listener.Addr().String()
	for _, c := range []struct {
		path   string
		status int
		size   int
	}{{"/plain", 200, 5}, {"/chunks", 200, 3000}, {"/missing", 404, 0}} {
		status, body, err := loadtest.Fetch(t.Context(), host, loadtest.NewRequest("GET", host, c.path, "", ""))
		if err != nil || status != c.status || len(body) != c.size {
			t.Errorf("%s: status %d, %d bytes, error %v", c.path, status, len(body), err)
		}
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}))
	defer server.Close()
	defer close(release)
	host := server.Listener.Addr().String()
	if _, _, err := loadtest.Fetch(ctx, host, loadtest.NewRequest("GET", host, "/", "", "")); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want one of the connection", err)
	}
}
