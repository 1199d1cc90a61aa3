package egress_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
)

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Behind a proxy names are resolved by it, so that what a name means at home
// is refused before it is asked.
func TestAProxyIsNotAskedForWhatIsAtHome(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		_, _ = io.WriteString(w, "through the proxy")
	}))
	defer proxy.Close()
	client := egress.New(egress.Config{Proxy: http.ProxyURL(mustURL(t, proxy.URL))}).Client(reachAll(egress.Public))
	for _, host := range []string{
		"localhost", "LOCALHOST", "x.localhost", "proxy", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "10.0.0.1", "169.254.169.254", "metadata.google.internal", "0x7f000001", "2130706433", "127.1",
	} {
		if body, err := send(t, client, "GET", "http://"+host+":8080/", ""); err == nil || asked != "" {
			t.Errorf("%s was asked for: %q, %v", host, body, err)
		}
	}
	if body, err := send(t, client, "GET", "http://public.example.org/", ""); err != nil || body != "through the proxy" {
		t.Errorf("%q, %v", body, err)
	}
}

// The proxy is the environment's, read once when the process starts: no
// request says which.
func TestProxyOfTheEnvironment(t *testing.T) {
	if os.Getenv("CALLBOARD_TEST_PROXY") != "" {
		body, err := send(t, egress.New(egress.Config{}).Client(reachAll(egress.Public)), "GET", "http://public.example.org/x", "")
		if err != nil || body != "through the proxy" {
			t.Errorf("%q, %v", body, err)
		}
		return
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() == "http://public.example.org/x" {
			_, _ = io.WriteString(w, "through the proxy")
		}
	}))
	defer proxy.Close()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyOfTheEnvironment$", "-test.v") //nolint:gosec // this test itself
	child.Env = append(os.Environ(), "CALLBOARD_TEST_PROXY=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=", "REQUEST_METHOD=")
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	// A variable that is set later, as if by a plugin, changes nothing.
	t.Setenv("HTTP_PROXY", proxy.URL)
	if _, err := send(t, egress.New(egress.Config{}).Client(reachAll(egress.Public)), "GET", "http://127.0.0.1:1/", ""); !fault.Is(err, fault.Denied) {
		t.Error(err)
	}
}
