package lifecycle_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/manifest"
)

// Whatever is brought as a release, the answer says what is wrong with it, and
// nothing is kept.
func TestHostileUploads(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	good := cut(t, release{version: "1.0.0"})
	section := func(text string) []byte {
		out, err := manifest.WriteSection(good, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	header := "apiVersion: callboard.dev/v1\nversion: 1.0.0\ntitle: T\n"
	bare, err := manifest.WriteSection([]byte{0, 'a', 's', 'm', 1, 0, 0, 0}, []byte(header+"id: empty\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, mediaType string
		body            []byte
		status          int
		says            string
	}{
		{"nothing", "application/wasm", nil, 400, "WebAssembly"},
		{"text", "application/wasm", []byte("hello"), 400, "WebAssembly"},
		{"half a module", "application/wasm", good[:len(good)/2], 400, "WebAssembly"},
		{"no manifest", "application/wasm", []byte{0, 'a', 's', 'm', 1, 0, 0, 0}, 400, "holds no manifest"},
		{"no code", "application/wasm", bare, 400, "callboard_abi_v1"},
		{"a manifest that is no YAML", "application/wasm", section("a: [b"), 400, "plugin.yaml"},
		{"a manifest with an unknown key", "application/wasm", section(header + "id: notes\nnonsense: 1\n"), 400, "nonsense"},
		{"the id of a core plugin", "application/wasm", section(header + "id: catalog\n"), 409, "core plugin"},
		{"an id of the host", "application/wasm", section(header + "id: plugins\n"), 400, "reserved"},
		{"an id that climbs", "application/wasm", section(header + "id: ../etc\n"), 400, "id"},
		{"another media type", "application/json", good, 415, "application/wasm"},
		{"no media type", "", good, 415, "application/wasm"},
		{"two manifests", "application/wasm", append(bytes.Clone(good), 0, 20, 18, 'c', 'a', 'l', 'l', 'b', 'o', 'a', 'r', 'd', '.', 'm', 'a', 'n', 'i', 'f', 'e', 's', 't', 'x'), 400, "two sections"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := operator{o.Portal, t}.ask(http.MethodPost, "/releases", tc.mediaType, tc.body)
			if a.status != tc.status || !strings.Contains(a.Detail, tc.says) {
				t.Errorf("%d %s; want %d saying %q", a.status, a.text, tc.status, tc.says)
			}
		})
	}
	if a := o.ask(http.MethodGet, "/releases/sha256:"+strings.Repeat("0", 64), "", nil); a.status != http.StatusNotFound {
		t.Errorf("a release that was never kept: %d %s", a.status, a.text)
	}
	for _, body := range []map[string]any{
		{}, {"digest": "sha256:" + strings.Repeat("0", 64)}, {"digest": 5}, {"nonsense": true}, {"digest": "x", "canaryPercent": 100},
	} {
		if a := o.post("/notes/activate", body); a.status != http.StatusBadRequest && a.status != http.StatusNotFound {
			t.Errorf("%v: %d %s", body, a.status, a.text)
		}
	}
	digest, _ := o.upload(good)
	if a := o.post("/other/activate", map[string]any{"digest": digest, "grants": all("kv")}); a.status != http.StatusBadRequest || !strings.Contains(a.Detail, "not other") {
		t.Errorf("a release under another id: %d %s", a.status, a.text)
	}
	for name, header := range map[string][]string{
		"another site":   {"Sec-Fetch-Site", "cross-site"},
		"another origin": {"Origin", "https://evil.example.com"},
	} {
		if a := o.post("/notes/activate", map[string]any{"digest": digest, "grants": all("kv")}, header...); a.status != http.StatusForbidden {
			t.Errorf("%s may write: %d", name, a.status)
		}
	}
	if a := o.ask(http.MethodPost, "/notes/activate", "text/plain", []byte(`{"digest":"`+digest+`"}`)); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("a form of another site: %d", a.status)
	}
	if a := o.ask(http.MethodGet, "/notes", "", nil); a.status != http.StatusNotFound {
		t.Errorf("something was installed: %s", a.text)
	}
}

// A module may be larger than other bodies, and not larger than the cap.
func TestLargeUploads(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	padded := cut(t, release{version: "1.0.0"})
	const most = 32 << 20
	// A custom section of nothing in particular.
	pad := func(total int) []byte {
		n := total - len(padded) - 1 - 5
		section := []byte{0, byte(n&0x7f | 0x80), byte(n>>7&0x7f | 0x80), byte(n>>14&0x7f | 0x80), byte(n>>21&0x7f | 0x80), byte(n >> 28)}
		body := make([]byte, n)
		copy(body, "\x03pad")
		return append(append(bytes.Clone(padded), section...), body...)
	}
	o.upload(pad(12 << 20))
	// The refusal comes before the body does.
	for path, tc := range map[string]struct {
		length int
		says   string
	}{"/api/plugins/releases": {most + 1, "33554432"}, "/api/notes/notes/a": {11 << 20, "10485760"}} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(o.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/wasm\r\nContent-Length: %d\r\n\r\n", path, tc.length)
		text, err := io.ReadAll(conn)
		_ = conn.Close()
		if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 413") || !strings.Contains(string(text), tc.says) {
			t.Errorf("%s: %v %s", path, err, text)
		}
	}
}

// What the operator's file says is not for the API to change; it says where.
func TestTheFileDecides(t *testing.T) {
	guest := cut(t, release{id: "fixed", version: "1.0.0", more: "config: {type: object, properties: {greeting: {type: string}}, additionalProperties: false}\n"})
	dir := t.TempDir()
	write(t, dir+"/fixed.wasm", guest)
	o := portal(t, `app: {title: T}
plugins:
  entries:
    fixed:
      source: `+dir+`/fixed.wasm
      enabled: true
      grants: {kv: true}
      limits: {memory: 32MiB}
      config: {greeting: of the file}
    notes:
      grants: {kv: {quota: 1KiB}}
`)
	if _, body := o.Get("/api/fixed/greeting"); body != "of the file" {
		t.Fatalf("greeting %q", body)
	}
	other := cut(t, release{id: "fixed", version: "1.0.1"})
	o.ask(http.MethodPost, "/releases", "application/wasm", other).refused(t, 409, "fixed-by-file", "app-config.yaml:5")
	o.post("/fixed/disable", nil).refused(t, 409, "fixed-by-file", "app-config.yaml:6")
	o.write(http.MethodPut, "/fixed/grants", map[string]any{"grants": grants{"kv": false}}).refused(t, 409, "fixed-by-file", "app-config.yaml:7")
	o.write(http.MethodPut, "/fixed/limits", map[string]any{"limits": map[string]any{"memory": "8MiB"}}).refused(t, 409, "fixed-by-file", "app-config.yaml:8")
	o.write(http.MethodPut, "/fixed/config", map[string]any{"config": map[string]any{}}).refused(t, 409, "fixed-by-file", "app-config.yaml:9")
	o.ask(http.MethodDelete, "/fixed", "", nil).refused(t, 409, "fixed-by-file")
	o.post("/catalog/activate", map[string]any{"digest": digestOf(other)}).refused(t, 409, "reserved", "core plugin")

	// What the file leaves open is the API's, for such plugins too.
	o.write(http.MethodPut, "/fixed/limits", map[string]any{"limits": map[string]any{"instances": 2}}).must(t, 200)
	o.write(http.MethodPut, "/fixed/grants", map[string]any{"grants": grants{"config": false}}).must(t, 200)
	if res, _ := o.Get("/api/fixed/greeting"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a grant that was taken from a configured plugin: %d", res.StatusCode)
	}
	o.post("/catalog/disable", map[string]any{"reason": "a test"}).must(t, 200)
	if res, _ := o.Get("/api/catalog/entities"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a disabled core plugin answers %d", res.StatusCode)
	}
	o.post("/catalog/enable", nil).must(t, 200)

	// The file's grant counts for what is installed, and is not asked about.
	digest, r := o.upload(cut(t, release{version: "1.0.0"}))
	if r.NeedsApproval {
		t.Errorf("the file grants kv: %+v", r)
	}
	o.post("/notes/activate", map[string]any{"digest": digest}).must(t, 200)
	if res, body := o.Do(http.MethodPost, "/api/notes/notes/a", strings.Repeat("x", 2000), nil); res.StatusCode == http.StatusOK || !strings.Contains(body, "quota") {
		t.Errorf("beyond the file's quota: %d %s", res.StatusCode, body)
	}
}

// Of two operators who saw the same, one is told that the other was faster.
func TestTwoOperatorsAtOnce(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0"}, "kv")
	one, _ := o.upload(cut(t, release{version: "1.0.1"}))
	two, _ := o.upload(cut(t, release{version: "1.0.2"}))
	seen := `"` + revisionText(o.plugin().Revision) + `"`
	answers := make(chan answer, 2)
	for _, digest := range []string{one, two} {
		go func() {
			answers <- o.post("/notes/activate", map[string]any{"digest": digest}, "If-Match", seen)
		}()
	}
	done, told := 0, 0
	winner := ""
	for range 2 {
		switch a := <-answers; a.status {
		case http.StatusOK:
			done++
			winner = a.Version
		case http.StatusPreconditionFailed, http.StatusConflict:
			told++
		default:
			t.Errorf("%d %s", a.status, a.text)
		}
	}
	if done != 1 || told != 1 {
		t.Errorf("%d done, %d told", done, told)
	}
	o.serves(winner)
	o.post("/notes/disable", nil, "If-Match", seen).refused(t, http.StatusPreconditionFailed, "stale")
	if a := o.post("/notes/disable", nil, "If-Match", "nonsense"); a.status != http.StatusBadRequest {
		t.Errorf("If-Match that is no revision: %d", a.status)
	}
}

// In production nobody changes plugins until policy says who may.
func TestNobodyMayInProduction(t *testing.T) {
	o := portal(t, "auth: {environment: production, providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}\n")
	for _, a := range []answer{
		o.ask(http.MethodPost, "/releases", "application/wasm", []byte("x")),
		o.post("/catalog/disable", nil),
		o.write(http.MethodPut, "/catalog/grants", map[string]any{"grants": grants{}}),
		o.write(http.MethodPut, "/catalog/config", map[string]any{"config": nil}),
		o.write(http.MethodPut, "/catalog/limits", map[string]any{"limits": nil}),
		o.post("/catalog/rollback", nil),
		o.ask(http.MethodDelete, "/catalog", "", nil),
	} {
		if a.status != http.StatusForbidden || !strings.Contains(a.Detail, "permission plugins.") {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
}
