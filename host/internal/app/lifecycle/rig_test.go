package lifecycle_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/testpg"
	"github.com/callboard/callboard/host/internal/web/api/apitest"
	"github.com/callboard/callboard/sdk/manifest"
)

func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }

// release is a version to be cut out of the guest.
type release struct {
	id           string // default notes
	version      string // three numbers of one digit
	capabilities string // default kv
	sick         bool
	schema       int // one digit; 0 = no data section
	compatible   int
	kind         string // that the processor is for; default Stamped
	more         string // more of the manifest
}

const routes = `routes:
  - {method: GET, path: /version}
  - {method: GET, path: /greeting}
  - {method: GET, path: "/notes/{key}"}
  - {method: POST, path: "/notes/{key}"}
  - {method: GET, path: /entities}
  - {method: GET, path: /crash}
extensions: {processors: [{name: stamp, kinds: [%s]}]}
`

// cut makes the module of a release.
func cut(t testing.TB, r release) []byte {
	t.Helper()
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "host"), "./internal/app/lifecycle/guest")
	if err != nil {
		t.Fatal(err)
	}
	orDefault(&r.id, "notes")
	orDefault(&r.capabilities, "kv: {reason: keeps notes}, config: {reason: greets}")
	orDefault(&r.kind, "Stamped")
	text := fmt.Sprintf("apiVersion: callboard.dev/v1\nid: %s\nversion: %s\ntitle: Notes\nlicence: Apache-2.0\ncapabilities: {%s}\n", r.id, r.version, r.capabilities)
	if r.schema > 0 {
		text += fmt.Sprintf("data: {schemaVersion: %d, compatibleFrom: %d}\n", r.schema, r.compatible)
	}
	text += fmt.Sprintf(routes, r.kind) + r.more
	set := func(from, to string) {
		if len(from) != len(to) || !bytes.Contains(wasm, []byte(from)) {
			t.Fatalf("%q cannot become %q in the guest", from, to)
		}
		wasm = bytes.ReplaceAll(wasm, []byte(from), []byte(to))
	}
	set("@version:1.0.0@", "@version:"+r.version+"@")
	if r.sick {
		set("@health:good@", "@health:sick@")
	}
	if r.schema > 0 {
		set("@schema:1@", fmt.Sprintf("@schema:%d@", r.schema))
	}
	out, err := manifest.WriteSection(wasm, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func orDefault(s *string, otherwise string) {
	if *s == "" {
		*s = otherwise
	}
}

func digestOf(wasm []byte) string {
	sum := sha256.Sum256(wasm)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// operator works on one portal.
type operator struct {
	*apptest.Portal
	t *testing.T
}

func portal(t *testing.T, config string, env ...string) operator {
	t.Helper()
	return operator{apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": config}, Env: env}), t}
}

// answer is what the tests read of any answer.
type answer struct {
	status         int
	text           string
	Type           string      `json:"type"`
	Detail         string      `json:"detail"`
	Review         *reviewed   `json:"review"`
	Version        string      `json:"version"`
	Digest         string      `json:"digest"`
	State          string      `json:"state"`
	Revision       uint64      `json:"revision"`
	Enabled        bool        `json:"enabled"`
	DisabledReason string      `json:"disabledReason"`
	Installation   string      `json:"installation"`
	RemovedAt      string      `json:"removedAt"`
	Previous       *versionRef `json:"previous"`
	Canary         *versionRef `json:"canary"`
	Pending        *versionRef `json:"pending"`
	Capabilities   []struct {
		Name    string `json:"name"`
		Granted any    `json:"granted"`
		Scope   any    `json:"scope"`
		FixedBy string `json:"fixedBy"`
		Uses    int    `json:"uses"`
	} `json:"capabilities"`
	Limits []struct {
		Name      string `json:"name"`
		Effective int64  `json:"effective"`
		Editable  bool   `json:"editable"`
	} `json:"limits"`
	Data struct {
		SchemaVersion int   `json:"schemaVersion"`
		KVBytes       int64 `json:"kvBytes"`
	} `json:"data"`
}

type versionRef struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

type reviewed struct {
	Kind          string `json:"kind"`
	NeedsApproval bool   `json:"needsApproval"`
	Capabilities  []struct {
		Name          string  `json:"name"`
		Change        string  `json:"change"`
		Requested     string  `json:"requested"`
		Granted       *string `json:"granted"`
		NeedsApproval bool    `json:"needsApproval"`
	} `json:"capabilities"`
	Data struct {
		Migration        bool `json:"migration"`
		RollbackPossible bool `json:"rollbackPossible"`
		CanaryPossible   bool `json:"canaryPossible"`
	} `json:"data"`
	Problems []struct {
		Severity string `json:"severity"`
		Message  string `json:"message"`
	} `json:"problems"`
}

// ask sends a request of an operator.
func (o operator) ask(method, path, mediaType string, body []byte, header ...string) answer {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 2*patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, o.URL+"/api/plugins"+path, bytes.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	for n := 0; n+1 < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	apitest.Check(o.t, apitest.Exchange{Method: method, Target: "/api/plugins" + path, Sent: string(body), Status: res.StatusCode, Header: res.Header, Body: text})
	a := answer{status: res.StatusCode, text: string(text)}
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &a); err != nil {
			o.t.Fatalf("%v\n%s", err, text)
		}
	}
	return a
}

func (o operator) post(path string, body any, header ...string) answer {
	o.t.Helper()
	return o.write(http.MethodPost, path, body, header...)
}

func (o operator) write(method, path string, body any, header ...string) answer {
	o.t.Helper()
	if body == nil {
		return o.ask(method, path, "", nil, header...)
	}
	text, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.ask(method, path, "application/json", text, header...)
}

// upload brings a release and returns its digest and review.
func (o operator) upload(wasm []byte) (string, reviewed) {
	o.t.Helper()
	a := o.ask(http.MethodPost, "/releases", "application/wasm", wasm).must(o.t, http.StatusCreated)
	var r reviewed
	if err := json.Unmarshal([]byte(a.text), &r); err != nil {
		o.t.Fatal(err)
	}
	if want := digestOf(wasm); a.Digest != want {
		o.t.Fatalf("kept as %s, want %s", a.Digest, want)
	}
	return a.Digest, r
}

// must fails the test unless the answer has the status.
func (a answer) must(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.text)
	}
	return a
}

// refused fails the test unless the answer is a refusal of a kind.
func (a answer) refused(t *testing.T, status int, kind string, words ...string) answer {
	t.Helper()
	if a.must(t, status).Type != "urn:callboard:problem:"+kind {
		t.Errorf("type %s, want %s: %s", a.Type, kind, a.Detail)
	}
	for _, w := range words {
		if !strings.Contains(a.Detail, w) {
			t.Errorf("%q does not say %q", a.Detail, w)
		}
	}
	return a
}

// plugin asks for the plugin.
func (o operator) plugin() answer {
	o.t.Helper()
	return o.ask(http.MethodGet, "/notes", "", nil).must(o.t, http.StatusOK)
}

// serves fails the test unless the version serves.
func (o operator) serves(version string) {
	o.t.Helper()
	if res, body := o.Get("/api/notes/version"); res.StatusCode != http.StatusOK || body != version {
		o.t.Fatalf("serves %q (%d), want %s", body, res.StatusCode, version)
	}
}

func (o operator) note(key, want string) {
	o.t.Helper()
	if _, got := o.Get("/api/notes/notes/" + key); got != want {
		o.t.Fatalf("note %s is %q, want %q", key, got, want)
	}
}

func (o operator) keep(key, text string) {
	o.t.Helper()
	if res, body := o.Do(http.MethodPost, "/api/notes/notes/"+key, text, nil); res.StatusCode != http.StatusOK {
		o.t.Fatalf("keeping a note: %d %s", res.StatusCode, body)
	}
}

type grants map[string]any

func all(names ...string) grants {
	g := grants{}
	for _, n := range names {
		g[n] = true
	}
	return g
}

// activate makes a release current with everything that is named granted.
func (o operator) activate(digest string, names ...string) answer {
	o.t.Helper()
	return o.post("/notes/activate", map[string]any{"digest": digest, "grants": all(names...)})
}

// install brings a release and activates it.
func (o operator) install(r release, names ...string) string {
	o.t.Helper()
	digest, _ := o.upload(cut(o.t, r))
	o.activate(digest, names...).must(o.t, http.StatusOK)
	return digest
}
