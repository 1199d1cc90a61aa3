package attack_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

// component is a valid descriptor with more in its spec.
func component(name, more string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: " + name + "\nspec:\n  type: service\n  lifecycle: production\n  owner: crew\n" + more
}

func location(name string, targets ...string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: " + name + "}\nspec:\n  targets:\n  - " + strings.Join(targets, "\n  - ") + "\n"
}

// hostile is a file of the location "hostile", and what its status must say.
type hostile struct {
	name string
	text string
	want []string // all of them, in one message: place and reason
}

func aliasBomb() string {
	var b strings.Builder
	b.WriteString("  l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "  l%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 10), ", "))
	}
	return component("bomb", b.String())
}

func mergeBomb() string {
	var b strings.Builder
	b.WriteString("  m0: &m0 {a: 1, b: 2}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, "  m%d: &m%d {<<: [*m%d, *m%d], k%d: {<<: *m%d}, j%d: {<<: *m%d}}\n", i, i, i-1, i-1, i, i-1, i, i-1)
	}
	return component("merged", b.String())
}

var hostileFiles = []hostile{
	{"alias-bomb.yaml", aliasBomb(), []string{"alias-bomb.yaml:", "aliases"}},
	{"merge-bomb.yaml", mergeBomb(), []string{"merge-bomb.yaml:", "document"}},
	{"alias-of-itself.yaml", component("self", "  a: &a [*a]\n"), []string{"alias-of-itself.yaml:9", "alias *a"}},
	{"tiny-values.yaml", component("tiny", "  a: ["+strings.Repeat("a,", 8<<20-200)+"]\n"), []string{"tiny-values.yaml:", "values"}},
	{"tiny-lines.yaml", component("lines", strings.Repeat("- a\n", 4<<20-200)), []string{"tiny-lines.yaml:"}},
	{"deep-flow.yaml", component("deep", "  a: "+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"\n"), []string{"deep-flow.yaml:9", "deeper than 64 levels"}},
	{"deep-block.yaml", component("deep-block", "  a:\n    "+strings.Repeat("- ", 10_000)+"x\n"), []string{"deep-block.yaml:", "deep"}},
	{"nul.yaml", component("nul", "  a: \"\x00\"\n"), []string{"nul.yaml:9", "NUL"}},
	{"twice.yaml", component("twice", "  owner: others\n"), []string{"twice.yaml:9", `"owner" is already set at line 8`}},
	{"casing.yaml", component("casing", "  Owner: others\n"), []string{"casing.yaml:9", "vary only in casing"}},
	{"unclosed.yaml", component("unclosed", "  a: [\n"), []string{"unclosed.yaml:", "not valid YAML"}},
	{"anchorless.yaml", component("anchorless", "  a: *nothing\n"), []string{"anchorless.yaml:", "nothing"}},
	{"tagged.yaml", component("tagged", "") + "---\n!!python/object/apply:os.system [id]\n", []string{"tagged.yaml:10", "list"}},
	{"claims.yaml", component("claims", "") + "relations: [{type: ownedBy, targetRef: group:default/admins}]\nstatus: {items: []}\n", []string{"claims.yaml:9", "relations"}},
	{"escape.yaml", component("escape", "  definition:\n    $text: ../secret.txt\n"), []string{"escape.yaml:", "outside"}},
	{"absolute.yaml", component("absolute", "  definition: {$text: /etc/passwd}\n"), []string{"absolute.yaml:9", "outside"}},
	{"file-url.yaml", component("file-url", "  definition: {$text: \"file:///etc/passwd\"}\n"), []string{"file-url.yaml:9", "file:"}},
	{"linked.yaml", component("linked", "  definition: {$text: ./out.txt}\n"), []string{"linked.yaml:9", "outside"}},
	{"metadata-service.yaml", component("metadata-service", "  definition: {$text: \"http://169.254.169.254/latest/meta-data\"}\n"), []string{"metadata-service.yaml:9", "not allowed"}},
	{"redirected.yaml", component("redirected", "  definition: {$text: \"REMOTE/to-loopback\"}\n"), []string{"redirected.yaml:9", "not allowed"}},
	{"other-scheme.yaml", component("other-scheme", "  definition: {$text: \"gopher://127.0.0.1/\"}\n"), []string{"other-scheme.yaml:9"}},
	{"pipe.yaml", component("pipe", "  definition: {$text: ./fifo}\n"), []string{"pipe.yaml:9", "not a regular file"}},
	{"repeated.yaml", component("repeated", "  all:\n"+strings.Repeat("  - {$text: ./large.txt}\n", 50)), []string{"repeated.yaml:26", "placeholders hold more than 16777216 bytes"}},
	{"placeholders.yaml", component("placeholders", "  all:\n"+strings.Repeat("  - {$text: ./absent.txt}\n", 1000)), []string{"placeholders.yaml:10", "absent.txt"}},
	{"taken.yaml", strings.ReplaceAll(good, "crew", "pirates"), []string{"taken.yaml", "component:default/good"}},
	{"named.yaml", strings.ReplaceAll(good, "name: good", `name: "../../etc/<script>"`), []string{"named.yaml:3", "metadata.name"}},
	{"linked-page.yaml", strings.ReplaceAll(good, "name: good", `name: page, links: [{url: "/relative"}]`), []string{"linked-page.yaml:3", "links"}},
	{"self-location.yaml", location("self", "./self-location.yaml"), []string{"self-location.yaml:", "leads back to itself"}},
	{"ring-a.yaml", location("ring-a", "./ring/ring-b.yaml"), nil},
	{"ring/ring-b.yaml", location("ring-b", "../ring-a.yaml"), []string{"ring-b.yaml:", "leads back to itself"}},
	{"escaping-location.yaml", location("escaping", "../secret.yaml", "/etc/hostname", "./out.yaml"), []string{"escaping-location.yaml:", "outside"}},
	{"devices.yaml", location("devices", "./fifo", "./zero"), []string{"devices.yaml:5", "fifo is not a regular file"}},
	{"too-large.yaml", "", []string{"too-large.yaml", "larger than 16 MiB"}},  // made sparse
	{"far-too-large.yaml", "", []string{"far-too-large.yaml", "larger than"}}, // made sparse
	{"many-targets.yaml", location("many", slicesOf(10_001, "./absent-%d.yaml")...), []string{"many-targets.yaml", "10000 sources"}},
}

func slicesOf(n int, format string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

// harmless are odd files that must work.
var harmless = map[string]string{
	"bom.yaml":     "\ufeff" + component("bom", ""),
	"crlf.yaml":    strings.ReplaceAll(component("crlf", ""), "\n", "\r\n"),
	"latin1.yaml":  component("latin1", "  note: caf\xe9\n"),
	"own-uid.yaml": strings.ReplaceAll(component("own-uid", ""), "metadata:\n", "metadata:\n  uid: 00000000-0000-0000-0000-000000000000\n  etag: canary\n"),
	"pretends.yaml": strings.ReplaceAll(component("pretends", ""), "metadata:\n", "metadata:\n  annotations:\n"+
		"    backstage.io/managed-by-location: url:https://trusted.example.com/a.yaml\n    backstage.io/managed-by-origin-location: url:https://trusted.example.com/a.yaml\n    backstage.io/orphan: \"true\"\n"),
}

// items is the status of an entity.
type entityStatus struct {
	Metadata struct {
		Name, UID, Etag string
		Annotations     map[string]string
	}
	Status struct {
		Items []struct{ Type, Level, Message string }
	}
}

func TestHostileDescriptors(t *testing.T) {
	outside := http.NewServeMux()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "canary of loopback") }))
	defer target.Close()
	outside.HandleFunc("/to-loopback", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL+"/secret", http.StatusFound)
	})
	files := map[string]string{}
	outside.HandleFunc("/repo/{name}", func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, text)
	})
	outside.HandleFunc("/repo/endless.yaml", func(w http.ResponseWriter, _ *http.Request) {
		for line := []byte(strings.Repeat("# more\n", 1<<10)); ; {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	outside.HandleFunc("/repo/bomb.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(gzipOfNothing(64 << 20))
	})
	remote := httptest.NewServer(outside)
	defer remote.Close()
	files["taken.yaml"] = strings.ReplaceAll(good, "crew", "remote-pirates")
	files["up.yaml"] = component("up", "  definition: {$text: \"file:///etc/passwd\"}\n")
	files["local.yaml"] = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: local}\nspec: {type: file, target: /etc/passwd}\n"

	base := t.TempDir()
	dir := filepath.Join(base, "hostile")
	write(t, filepath.Join(base, "secret.txt"), "canary of a file")
	write(t, filepath.Join(base, "secret.yaml"), component("secret", ""))
	for _, h := range hostileFiles {
		write(t, filepath.Join(dir, h.name), strings.ReplaceAll(h.text, "REMOTE", remote.URL))
	}
	for name, text := range harmless {
		write(t, filepath.Join(dir, name), text)
	}
	write(t, filepath.Join(dir, "large.txt"), strings.Repeat("x", 1<<20))
	for name, size := range map[string]int64{"too-large.yaml": 16<<20 + 1, "far-too-large.yaml": 100 << 20} {
		if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out.txt": "../secret.txt", "out.yaml": "../secret.yaml", "zero": "/dev/zero"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := url.Parse(remote.URL)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(base, "good.yaml"), good)
	write(t, filepath.Join(base, "app-config.yaml"), fmt.Sprintf(`
backend: {reading: {allow: [{host: %q}]}}
catalog:
  locations:
    - {type: file, target: ./good.yaml}
    - {type: file, target: "./hostile/*.yaml"}
    - {type: url, target: "%[2]s/repo/taken.yaml"}
    - {type: url, target: "%[2]s/repo/up.yaml"}
    - {type: url, target: "%[2]s/repo/local.yaml"}
    - {type: url, target: "%[2]s/repo/endless.yaml"}
    - {type: url, target: "%[2]s/repo/bomb.yaml"}
    - {type: url, target: "%[2]s/to-loopback"}
    - {type: url, target: "http://169.254.169.254/latest/meta-data"}
`, host.Host, remote.URL))
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(base, "app-config.yaml")}})

	said := messages(t, p)
	for _, h := range hostileFiles {
		t.Run(filepath.Base(h.name), func(t *testing.T) { wantMessage(t, said, h.want...) })
	}
	t.Run("url locations", func(t *testing.T) {
		wantMessage(t, said, "/repo/taken.yaml", "component:default/good")
		wantMessage(t, said, "/repo/up.yaml", "file:")
		wantMessage(t, said, "/etc/passwd", "not read from a file")
		wantMessage(t, said, "/repo/endless.yaml", "larger than")
		wantMessage(t, said, "/repo/bomb.yaml", "larger than")
		wantMessage(t, said, "/to-loopback", "not allowed")
		wantMessage(t, said, "169.254.169.254", "not allowed")
	})
	t.Run("nothing leaks", func(t *testing.T) {
		_, all := p.Get("/api/catalog/entities")
		for _, secret := range []string{"canary of", "root:x:0", "remote-pirates", `"owner":"pirates"`} {
			if strings.Contains(all, secret) {
				t.Errorf("%q is in the catalog", secret)
			}
		}
		if res, _ := p.Get("/api/catalog/entities/by-name/component/default/secret"); res.StatusCode != http.StatusNotFound {
			t.Errorf("an entity from outside of the folder: %d", res.StatusCode)
		}
	})
	t.Run("odd but harmless files work", func(t *testing.T) {
		for name := range harmless {
			name = strings.TrimSuffix(name, ".yaml")
			res, body := p.Get("/api/catalog/entities/by-name/component/default/" + name)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", name, res.StatusCode)
				continue
			}
			e := decode[entityStatus](t, body)
			if e.Metadata.UID == "00000000-0000-0000-0000-000000000000" || e.Metadata.Etag == "canary" ||
				!strings.HasPrefix(e.Metadata.Annotations["backstage.io/managed-by-location"], "file:"+dir) ||
				!strings.HasPrefix(e.Metadata.Annotations["backstage.io/managed-by-origin-location"], "file:"+dir) ||
				e.Metadata.Annotations["backstage.io/orphan"] != "" {
				t.Errorf("%s speaks for the host: %s", name, body)
			}
		}
	})
	t.Run("the good location is refreshed", func(t *testing.T) {
		stillServes(t, p)
		write(t, filepath.Join(base, "good.yaml"), strings.ReplaceAll(good, "production", "deprecated"))
		p.Until(goodPath, func(_ int, body string) bool { return strings.Contains(body, "deprecated") })
	})
}

func TestTenThousandEntitiesInAFile(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "---\n%s", component(fmt.Sprintf("c%d", i), ""))
	}
	for name, tc := range map[string]struct {
		text string
		want int
	}{"as many as are let in": {b.String(), 10_000}, "one more": {b.String() + "---\n" + component("more", ""), 0}} {
		t.Run(name, func(t *testing.T) {
			p := apptest.Start(t, apptest.Options{Files: map[string]string{
				"app-config.yaml": "catalog: {locations: [{type: file, target: ./good.yaml}, {type: file, target: ./many.yaml}]}\n",
				"good.yaml":       good, "many.yaml": tc.text,
			}})
			stillServes(t, p)
			_, body := p.Get("/api/catalog/entities/by-query?limit=0&filter=kind=component")
			if got := decode[struct{ TotalItems int }](t, body).TotalItems; got != tc.want+1 {
				t.Errorf("%d components: %s", got, body)
			}
			if tc.want == 0 {
				wantMessage(t, messages(t, p), "many.yaml:", "10000")
			}
		})
	}
}
