package ingest_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/source"
)

// offline refuses every request, as a machine without a network does.
type offline struct{}

func (offline) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("network is unreachable")
}

// corpus returns the folder of Backstage's example catalog.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CALLBOARD_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared", "corpus")
	}
	dir, err := filepath.Abs(filepath.Join(dir, "catalog-examples"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the corpus is not here; set CALLBOARD_CORPUS")
	}
	return dir
}

func TestBackstagesExamplesLoad(t *testing.T) {
	dir := corpus(t)
	r := newRig(t, nil, func(c *ingest.Config) {
		c.Reader = source.New(source.Config{HTTP: offline{}, Allow: source.AllowList{{Host: "github.com"}}})
		c.Locations = nil
		for _, f := range []string{"all.yaml", "acme-corp.yaml", "components/invalid-component.yaml"} {
			c.Locations = append(c.Locations, ingest.Location{Type: "file", Target: filepath.Join(dir, f)})
		}
	}).start(t)

	kinds := map[string]int{}
	for _, ref := range r.board.refs() {
		kind, _, _ := strings.Cut(ref, ":")
		kinds[kind]++
	}
	for kind, n := range map[string]int{"component": 13, "domain": 3, "group": 8, "resource": 1, "system": 3, "user": 17, "airesource": 3} {
		if kinds[kind] != n {
			t.Errorf("%d of kind %s, want %d", kinds[kind], kind, n)
		}
	}

	// What names github.com is refused, and so is the file that is bad on
	// purpose; there is nothing else.
	var unexpected []string
	for _, p := range r.Problems() {
		switch {
		case strings.Contains(p.Message, "github.com cannot be reached"):
		case strings.Contains(p.Message, `invalid-component.yaml:4: metadata.name: " " is not allowed at character 8 of "invalid component"`):
		default:
			unexpected = append(unexpected, p.Ref+": "+p.Message)
		}
	}
	if len(unexpected) > 0 {
		t.Errorf("unexpected problems:\n%s", strings.Join(unexpected, "\n"))
	}
	apis := slices.DeleteFunc(r.board.refs(), func(s string) bool { return !strings.HasPrefix(s, "api:") })
	t.Logf("%d entities, APIs %v, %d expected problems", len(r.board.refs()), apis, len(r.Problems()))
	if len(r.Problems()) != 4 {
		t.Errorf("%d problems, want 4: spotify, wayback-archive, wayback-search, the invalid component: %v", len(r.Problems()), r.Problems())
	}
	petstore, ok := r.board.get("api:default/petstore")
	if !ok || !strings.Contains(string(petstore.Body), `"definition":"openapi: `) {
		t.Errorf("the petstore has no definition: %.300s", petstore.Body)
	}
}

// The body and relations were recorded from Backstage 1.55 over the same files.
func TestAnEntityIsTheOneThatBackstageMakes(t *testing.T) {
	dir := corpus(t)
	all := filepath.Join(dir, "all.yaml")
	r := newRig(t, nil, func(c *ingest.Config) {
		c.Reader = source.New(source.Config{})
		c.Locations = []ingest.Location{{Type: "file", Target: all}}
	}).start(t)
	e, ok := r.board.get("component:default/artist-lookup")
	if !ok {
		t.Fatal("it is not in the catalog")
	}
	want := `{"metadata":{"namespace":"default","annotations":{"backstage.io/managed-by-location":"file:` + dir + `/components/artist-lookup-component.yaml","backstage.io/managed-by-origin-location":"file:` + all +
		`","backstage.io/source-template":"template:default/springboot-template","backstage.io/linguist":"https://github.com/backstage/backstage/tree/master/plugins/playlist"},"name":"artist-lookup","description":"Artist Lookup","tags":["java","data"],"links":[{"url":"https://example.com/user","title":"Examples Users","icon":"user"}`
	if !strings.HasPrefix(string(e.Body), want) {
		t.Errorf("body %.800s\nwant %s…", e.Body, want)
	}
	tail := `,"uid":"` + e.UID + `","etag":"` + e.ETag + `"},"apiVersion":"backstage.io/v1alpha1","kind":"Component","spec":{"type":"service","lifecycle":"experimental","owner":"team-a","system":"artist-engagement-portal","dependsOn":["resource:artists-db"],"apiConsumedBy":["component:www-artist"]}}`
	if !strings.HasSuffix(string(e.Body), tail) {
		t.Errorf("body …%s\nwant …%s", e.Body[max(0, len(e.Body)-400):], tail)
	}
	var got []string
	for _, rel := range e.Relations {
		got = append(got, rel.Type+" "+rel.TargetRef)
	}
	wantRelations := []string{"apiConsumedBy component:default/www-artist", "dependsOn resource:default/artists-db", "ownedBy group:default/team-a", "partOf system:default/artist-engagement-portal"}
	if !slices.Equal(got, wantRelations) {
		t.Errorf("relations %v, want %v", got, wantRelations)
	}
}
