package attack_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/sdk/replay"
)

// A crash leaves a recording that an operator can download; nothing that was
// secret is in it, and nothing of it can be read on the disk.
func TestRecordingsOfAHostilePlugin(t *testing.T) {
	p := besieged(t)
	const canary = "canary-of-the-request"
	p.Do("POST", "/api/mallory/do/crash?access_token="+canary, "body", map[string]string{
		"Authorization": "Bearer " + canary, "Cookie": "callboard-session=" + canary, "X-Api-Key": canary, "Content-Type": "text/plain",
	})
	type entry struct{ ID, Reproduced, Outcome, Route, Reason string }
	list := func() (out []entry) {
		_, body := p.Get("/api/plugins/mallory/recordings")
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return out
	}
	settled := func(n int) []entry {
		p.Until("/api/plugins/mallory/recordings", func(_ int, body string) bool {
			return strings.Count(body, `"id"`) == n && !strings.Contains(body, replay.Pending)
		})
		return list()
	}
	e := settled(1)[0]
	if e.Reproduced != replay.Yes || e.Outcome != "internal" || e.Route != "POST /do/{verb}" {
		t.Errorf("%+v", e)
	}
	res, body := p.Get("/api/plugins/mallory/recordings/" + e.ID)
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Disposition"), ".replay") {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	rec, err := replay.Read(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(append(rec.Input, body...), []byte(canary)) || rec.Redacted == 0 {
		t.Errorf("the recording shows a secret (redacted %d):\n%s", rec.Redacted, body)
	}
	if !strings.Contains(p.Log.String(), "recording.read") {
		t.Error("the download is not in the log")
	}
	sealed(t, filepath.Join(p.Data, "recordings"), canary, "/do/{verb}")

	replayElsewhere(t, body)

	// A victim's recordings are no business of another plugin's id, and no path leads elsewhere.
	for _, path := range []string{"/api/plugins/victim/recordings/" + e.ID, "/api/plugins/mallory/recordings/..%2f..%2fcallboard.db", "/api/plugins/mallory/recordings/.key", "/api/plugins/nobody/recordings"} {
		if res, body := p.Get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %.100s", path, res.Status, body)
		}
	}
	if res, _ := p.Do("POST", "/api/plugins/mallory/record", `{"calls":1}`, nil); res.StatusCode != http.StatusNoContent {
		t.Fatalf("asking for a recording: %s", res.Status)
	}
	p.Get("/api/mallory/do/env")
	if asked := settled(2)[0]; asked.Reason != replay.ReasonAsked || asked.Outcome != "ok" || asked.Reproduced != replay.Yes {
		t.Errorf("%+v", asked)
	}
	for _, wrong := range []string{`{"calls":101}`, `{"calls":-1}`, `{}`, `x`} {
		if res, _ := p.Do("POST", "/api/plugins/mallory/record", wrong, nil); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", wrong, res.Status)
		}
	}
	if res, _ := p.Do("DELETE", "/api/plugins/mallory/recordings/"+e.ID, "", nil); res.StatusCode != http.StatusNoContent {
		t.Errorf("deleting: %s", res.Status)
	}
	if left := list(); len(left) != 1 {
		t.Errorf("after deleting one there are %d", len(left))
	}
}

// replayElsewhere runs a downloaded recording in a process that knows nothing
// of the portal, as an author does.
func replayElsewhere(t *testing.T, lines string) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "host"), "./internal/app/attack/guest")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "plugin.wasm"), string(wasm))
	write(t, filepath.Join(dir, "crash.replay"), lines)
	cmd := exec.CommandContext(t.Context(), program, "plugin", "replay", "crash.replay")
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir}
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("It reproduces.")) {
		t.Errorf("%v: %s", err, out)
	}
}

// sealed looks for words in the files of a folder, and at their modes.
func sealed(t *testing.T, dir string, words ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		for _, word := range words {
			if bytes.Contains(content, []byte(word)) {
				t.Errorf("%s shows %q", name, word)
			}
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%d files in %s, %v", files, dir, err)
	}
}
