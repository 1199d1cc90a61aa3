package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/testpg"
)

// Whoever saw a change at one replica sees it at another one that it asks for
// that revision, however soon.
func TestAReplicaShowsWhatAnotherShowed(t *testing.T) {
	folder := t.TempDir()
	write := func(kind string) {
		part := filepath.Join(folder, "part")
		if err := os.WriteFile(part, []byte(described("pay", kind)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(part, filepath.Join(folder, "a.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	write("service")
	env := []string{"APP_CONFIG_backend_database_client=pg", "APP_CONFIG_backend_database_connection=" + testpg.DSN(t)}
	start := func() *apptest.Portal {
		return apptest.Start(t, apptest.Options{Env: env, Files: map[string]string{"app-config.yaml": "catalog: {locations: [{type: file, target: '" + folder + "/*.yaml'}]}\n"}})
	}
	one, two := start(), start()
	for _, kind := range []string{"website", "library", "tool", "batch", "website"} {
		write(kind)
		one.Until(byName+"pay", func(_ int, body string) bool { return strings.Contains(body, kind) })
		res, _ := one.Get(byName + "pay")
		seen := res.Header.Get("X-Callboard-Revision")
		res, body := two.Do(http.MethodGet, byName+"pay", "", map[string]string{"X-Callboard-Min-Revision": seen})
		if res.StatusCode != http.StatusOK || !strings.Contains(body, kind) {
			t.Fatalf("after revision %s the other one shows %d %s", seen, res.StatusCode, body)
		}
	}
	for revision, status := range map[string]int{"1": http.StatusOK, "9000000": http.StatusServiceUnavailable, "soon": http.StatusBadRequest, "-1": http.StatusBadRequest} {
		if res, body := two.Do(http.MethodGet, byName+"pay", "", map[string]string{"X-Callboard-Min-Revision": revision}); res.StatusCode != status {
			t.Errorf("revision %s: %d %s", revision, res.StatusCode, body)
		}
	}
}
