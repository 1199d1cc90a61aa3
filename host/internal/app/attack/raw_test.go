package attack_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/web/api/apitest"
)

// patience ends a test that would otherwise wait for ever.
const patience = 30 * time.Second

// good is a descriptor that has nothing wrong with it.
const good = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: good}\nspec: {type: service, lifecycle: production, owner: crew}\n"

const goodPath = "/api/catalog/entities/by-name/component/default/good"

// portal boots a portal with one good component.
func portal(t *testing.T) *apptest.Portal {
	t.Helper()
	p := apptest.Start(t, apptest.Options{Files: map[string]string{
		"app-config.yaml": "catalog: {locations: [{type: file, target: ./good.yaml}]}\n" +
			"auth: {providers: {guest: {personas: [user:default/robin]}}}\n",
		"good.yaml": good,
	}})
	p.Until(goodPath, func(status int, _ string) bool { return status == http.StatusOK })
	return p
}

// address is where the portal listens, and the Host that it goes by.
func address(p *apptest.Portal) string { return strings.TrimPrefix(p.URL, "http://") }

// raw sends bytes as they are and returns the answers until the portal closes
// the connection or has answered want times; HEAD answers have no body.
func raw(t *testing.T, p *apptest.Portal, bytes string, want int) []answer {
	t.Helper()
	conn, err := net.Dial("tcp", address(p))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, bytes) }() // may be cut short by a refusal
	r := bufio.NewReader(conn)
	var out []answer
	for len(out) < want {
		method := http.MethodGet
		if strings.HasPrefix(bytes, "HEAD ") {
			method = http.MethodHead
		}
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("no answer and no end after %v, having %v", patience, out)
			}
			break
		}
		body, err := io.ReadAll(res.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		out = append(out, answer{res, string(body)})
		if len(out) == 1 {
			described(t, bytes, out[0])
		}
	}
	return out
}

// described holds the first answer to openapi.json, as far as the bytes begin
// with a request; what else they may be has no operation.
func described(t *testing.T, bytes string, a answer) {
	t.Helper()
	line, _, _ := strings.Cut(bytes, "\r\n")
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !strings.HasPrefix(parts[1], "/") {
		return
	}
	_, sent, _ := strings.Cut(bytes, "\r\n\r\n")
	apitest.Check(t, apitest.Exchange{Method: parts[0], Target: parts[1], Sent: sent, Status: a.StatusCode, Header: a.Header, Body: []byte(a.body)})
}

type answer struct {
	*http.Response
	body string
}

func (a answer) String() string { return a.Status + " " + a.body }

// one is raw for a request that gets one answer.
func one(t *testing.T, p *apptest.Portal, bytes string) answer {
	t.Helper()
	all := raw(t, p, bytes, 1)
	if len(all) == 0 {
		t.Fatal("the connection was closed without an answer")
	}
	return all[0]
}

// stillServes fails the test when the portal does not answer as it should.
func stillServes(t *testing.T, p *apptest.Portal) {
	t.Helper()
	if res, body := p.Get(goodPath); res.StatusCode != http.StatusOK || !strings.Contains(body, `"name":"good"`) {
		t.Errorf("the portal suffers: %d %s", res.StatusCode, body)
	}
}

// inert fails the test when a refusal could do anything in a browser, or says
// what is nobody's business.
func inert(t *testing.T, a answer) {
	t.Helper()
	h := a.Header
	if kind := h.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("content type %q of %s", kind, a)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("%s lacks security headers: %v", a.Status, h)
	}
	secrets := []string{"goroutine ", ".go:", "fasthttp", "fiber", "buffer", "canary"}
	if !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") { // a plugin's answer runs nothing anyway
		secrets = append(secrets, "<script")
	}
	for _, inside := range secrets {
		if strings.Contains(strings.ToLower(a.body), inside) {
			t.Errorf("the body tells %q: %s", inside, a.body)
		}
	}
}
