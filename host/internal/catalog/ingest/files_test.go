package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/source"
)

// put writes a file in one step, as editors do.
func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// onDisk is a rig over real files that configuration names.
func onDisk(t *testing.T, change func(*ingest.Config), targets ...string) *rig {
	t.Helper()
	return newRig(t, nil, func(c *ingest.Config) {
		c.Reader = source.New(source.Config{})
		c.Locations = nil
		for _, target := range targets {
			c.Locations = append(c.Locations, ingest.Location{Type: "file", Target: target})
		}
		if change != nil {
			change(c)
		}
	})
}

func TestAnEditShowsByItself(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "all.yaml"), location("parts", "./sub/*.yaml")+
		head+"API\nmetadata: {name: x}\nspec: {type: t, lifecycle: l, owner: o, definition: {$text: ./text/x.txt}}\n")
	put(t, filepath.Join(dir, "sub", "a.yaml"), component("pay", ""))
	put(t, filepath.Join(dir, "text", "x.txt"), "one")
	r := onDisk(t, func(c *ingest.Config) { c.Watch = true }, filepath.Join(dir, "all.yaml")).start(t)
	has := func(ref, text string) func() bool {
		return func() bool {
			e, ok := r.board.get(ref)
			return ok && strings.Contains(string(e.Body), text)
		}
	}
	put(t, filepath.Join(dir, "sub", "a.yaml"), component("pay", ", system: new"))
	r.board.until(t, "the edit shows", has("component:default/pay", "new"))
	put(t, filepath.Join(dir, "sub", "b.yaml"), component("bank", ""))
	r.board.until(t, "the new file shows", has("component:default/bank", ""))
	put(t, filepath.Join(dir, "text", "x.txt"), "two")
	r.board.until(t, "the text shows", has("api:default/x", `"definition":"two"`))
	if err := os.Remove(filepath.Join(dir, "sub", "b.yaml")); err != nil {
		t.Fatal(err)
	}
	r.board.until(t, "the removed file is gone", func() bool { return !has("component:default/bank", "")() })
	if _, ok := r.board.get("component:default/pay"); !ok {
		t.Error("the other file's entity is gone too")
	}
}

func TestNothingLeavesTheFolderOfItsLocation(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "catalog")
	put(t, filepath.Join(base, "secret.yaml"), component("secret", ""))
	put(t, filepath.Join(base, "secret.txt"), "the secret")
	api := func(name, target string) string {
		return head + "API\nmetadata: {name: " + name + "}\nspec: {type: t, lifecycle: l, owner: o, definition: {$text: '" + target + "'}}\n---\n"
	}
	put(t, filepath.Join(dir, "sub", "ok.txt"), "fine")
	if err := os.Symlink(filepath.Join(base, "secret.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := os.Symlink(base, filepath.Join(dir, "up")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "sub", "in.yaml"), api("inside", "../sub/ok.txt"))
	put(t, filepath.Join(dir, "all.yaml"), location("outside", "../secret.yaml", filepath.Join(base, "secret.yaml"), "./up/secret.yaml", "../*.yaml", "./sub/in.yaml")+
		api("dots", "../secret.txt")+api("absolute", filepath.Join(base, "secret.txt"))+api("link", "./link.txt")+api("folder", "./up/secret.txt")+api("home", "./sub/ok.txt"))
	r := onDisk(t, nil, filepath.Join(dir, "all.yaml")).start(t)
	want := []string{"api:default/home", "api:default/inside", r.generated(t), "location:default/outside"}
	if got := r.board.refs(); !slices.Equal(got, want) {
		t.Errorf("catalog %v, want %v", got, want)
	}
	for _, p := range r.Problems() {
		if !strings.HasPrefix(p.Message, filepath.Join(dir, "all.yaml:")) || !strings.Contains(p.Message, "lies outside "+dir) || strings.Contains(p.Message, "the secret") {
			t.Errorf("problem %+v", p)
		}
	}
	// Two targets are the same file, which is one problem.
	if n := len(r.Problems()); n != 7 {
		t.Errorf("%d problems, want 7: %v", n, r.Problems())
	}
	if strings.Contains(r.board.dump(), "the secret") {
		t.Error("the secret is in the catalog")
	}
}

func TestHostileDescriptorsHarmNothingElse(t *testing.T) {
	dir := t.TempDir()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", ") + "]\n"
	}
	hostile := map[string]struct{ text, want string }{
		"alias-bomb.yaml":  {bomb, "alias-bomb.yaml:1: the aliases of the document stand for too much text"},
		"text-bomb.yaml":   {"a: &a " + strings.Repeat("x", 100_000) + "\nb: [" + strings.Repeat("*a,", 3_000) + "]\n", "text-bomb.yaml:1: the aliases of the document stand for too much text"},
		"small-bombs.yaml": {strings.Repeat("---\n"+bomb, 1_000), "small-bombs.yaml:11990: the aliases of the document stand for too much text"},
		"depth.yaml":       {"a: " + strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999), "depth.yaml:1: the document is nested deeper than 64 levels"},
		"nul.yaml":         {component("x", "") + "\x00", "nul.yaml:6: there is a NUL byte"},
		"duplicate.yaml":   {component("x", ", owner: y"), `duplicate.yaml:4: key "owner" is already set at line 4`},
		"casing.yaml":      {component("x", ", Owner: y"), `casing.yaml:4: keys "Owner" and "owner" (line 4) vary only in casing`},
		"cycle.yaml":       {location("cycle", "./cycle.yaml"), "cycle.yaml:4: file:" + dir + "/cycle.yaml leads back to itself"},
		"folder.yaml/x":    {"", "folder.yaml is a folder, not a file"},
	}
	targets := []string{filepath.Join(dir, "good.yaml"), filepath.Join(dir, "huge.yaml")}
	put(t, filepath.Join(dir, "good.yaml"), component("pay", ""))
	for name, h := range hostile {
		put(t, filepath.Join(dir, name), h.text)
		targets = append(targets, filepath.Join(dir, strings.TrimSuffix(name, "/x")))
	}
	// A file of 100 MB is refused by its size; a sparse one will do.
	put(t, filepath.Join(dir, "huge.yaml"), "")
	if err := os.Truncate(filepath.Join(dir, "huge.yaml"), 100<<20); err != nil {
		t.Fatal(err)
	}
	r := onDisk(t, nil, targets...).start(t)
	if _, ok := r.board.get("component:default/pay"); !ok {
		t.Error("the good file suffered")
	}
	all := fmt.Sprint(r.Problems())
	for name, h := range hostile {
		if !strings.Contains(all, h.want) {
			t.Errorf("%s: no problem says %q", name, h.want)
		}
	}
	if !strings.Contains(all, "huge.yaml is larger than 16 MiB") {
		t.Error("nothing says that the huge file is too large")
	}
	// Each of the small bombs is a problem; the others are one each.
	if want := len(hostile) + 1_000; len(r.Problems()) != want {
		t.Errorf("%d problems for hostile files, want %d: %.3000s", len(r.Problems()), want, all)
	}
	locations, err := r.Locations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range locations {
		if bad := filepath.Base(l.Target) != "good.yaml"; bad != (len(l.Errors) > 0) {
			t.Errorf("%s has errors %v", l.Target, l.Errors)
		}
	}
}
