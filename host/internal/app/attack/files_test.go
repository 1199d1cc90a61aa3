package attack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// gzipOfNothing is n bytes of comments, packed.
//
// It is one member of a MiB again and again: packing all of it takes longer
// under the race detector than a source may take to answer.
func gzipOfNothing(n int) []byte {
	const member = 1 << 20
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(bytes.Repeat([]byte("#\n"), member/2))
	_ = w.Close()
	return bytes.Repeat(b.Bytes(), n/member)
}

// messages are those of the status of all entities.
func messages(t *testing.T, p *apptest.Portal) []string {
	t.Helper()
	_, body := p.Get("/api/catalog/entities?fields=metadata.name,status")
	var out []string
	for _, e := range decode[[]entityStatus](t, body) {
		for _, item := range e.Status.Items {
			out = append(out, item.Message)
		}
	}
	return out
}

// wantMessage fails the test unless one message has all the words.
func wantMessage(t *testing.T, said []string, words ...string) {
	t.Helper()
	if len(words) == 0 {
		return
	}
	var near []string
	for _, message := range said {
		found := 0
		for _, word := range words {
			if strings.Contains(message, word) {
				found++
			}
		}
		if found == len(words) {
			return
		}
		if strings.Contains(message, strings.TrimRight(words[0], ":0123456789")) {
			near = append(near, message)
		}
	}
	t.Errorf("no status says %q; it says %q", words, near)
}
