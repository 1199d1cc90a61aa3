package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

// One request is one trace: the span that the client sent, the server's, the plugin's.
func TestSpansReachTheCollector(t *testing.T) {
	var (
		mu   sync.Mutex
		sent strings.Builder
	)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		sent.Write(body)
	}))
	defer collector.Close()
	p := apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": "telemetry: {otlpEndpoint: " + collector.URL + "}\n"}})
	trace := "\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36"
	p.Do(http.MethodGet, "/api/catalog/entities", "", map[string]string{"Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
	p.Close() // sends what is waiting
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"GET /api/catalog/entities", "plugin catalog", trace} {
		if !strings.Contains(sent.String(), want) {
			t.Errorf("the collector got no %q", want)
		}
	}
}
