package ingest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
)

func TestPlaceholdersFollowWhatTheyName(t *testing.T) {
	api := func(target string) string {
		return head + "API\nmetadata: {name: x}\nspec: {type: openapi, lifecycle: l, owner: o, definition: {$text: " + target + "}}\n"
	}
	r := newRig(t, map[string]string{"file:/c/all.yaml": api("./x.txt") + "---\n" + component("pay", ""), "file:/c/x.txt": "one"}, nil).start(t)
	definition := func(want string) {
		t.Helper()
		if e, _ := r.board.get("api:default/x"); !strings.Contains(string(e.Body), `"definition":"`+want+`"`) {
			t.Errorf("body %s, want %s", e.Body, want)
		}
	}
	definition("one")
	_, rows := r.store.counts()
	r.settle(t)
	if _, after := r.store.counts(); after != rows {
		t.Error("nothing changed, but rows were written")
	}
	r.files.set("file:/c/x.txt", "two")
	r.settle(t)
	definition("two")
	r.files.damage("file:/c/x.txt", fault.Wrap(fault.Unavailable, errors.New("secret detail"), "x cannot be read"))
	r.settle(t)
	definition("two")
	if got := r.board.status(t, "api:default/x"); got != `InputError: /c/all.yaml:4: spec.definition: $text cannot read "./x.txt": x cannot be read` {
		t.Errorf("status %q", got)
	}
	r.files.set("file:/c/x.txt", "three")
	r = r.restart(t, nil)
	r.waitPasses(t, 1)
	definition("three")
	if got := r.board.status(t, "api:default/x"); got != "" {
		t.Errorf("status %q", got)
	}
}

func TestRules(t *testing.T) {
	text := map[string]string{
		"file:/c/all.yaml":        component("pay", "") + group("team-a") + head + "Resource\nmetadata: {name: db}\nspec: {type: Database, owner: o}\n",
		"file:/c/org.yaml":        group("team-b"),
		"url:https://x.io/a.yaml": group("team-c"),
	}
	kind := func(k string) []ingest.AllowedKind { return []ingest.AllowedKind{{Kind: k}} }
	for _, tc := range []struct {
		name  string
		rules []ingest.Rule
		own   []ingest.LocationRule // of /c/org.yaml
		want  string
	}{
		{"the default", nil, nil, "component:default/pay"},
		{"none at all", []ingest.Rule{}, nil, ""},
		{"a rule replaces the default", []ingest.Rule{{Allow: kind("group")}}, nil, "group:default/team-a group:default/team-b group:default/team-c"},
		{"the location's own", nil, []ingest.LocationRule{{Allow: kind("Group")}}, "component:default/pay group:default/team-b"},
		{"by type", []ingest.Rule{{Allow: []ingest.AllowedKind{{Kind: "Resource", SpecType: "database"}}}}, nil, "resource:default/db"},
		{"by another type", []ingest.Rule{{Allow: []ingest.AllowedKind{{Kind: "Resource", SpecType: "bucket"}}}}, nil, ""},
		{"by exact origin", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{{Type: "file", Exact: "/c/org.yaml"}}}}, nil, "group:default/team-b"},
		{"by pattern", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{{Type: "url", Pattern: "https://X.io/*.yaml"}}}}, nil, "group:default/team-c"},
		{"by type of origin", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{{Type: "file"}}}}, nil, "group:default/team-a group:default/team-b"},
		{"nowhere", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{}}}, nil, ""},
		{"an empty list of kinds", []ingest.Rule{{Allow: []ingest.AllowedKind{}}}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, text, func(c *ingest.Config) {
				c.Rules = tc.rules
				c.Locations = []ingest.Location{{Type: "file", Target: "/c/all.yaml"}, {Type: "file", Target: "/c/org.yaml", Rules: tc.own}, {Type: "url", Target: "https://x.io/a.yaml"}}
			}).start(t)
			got := strings.Join(slices.DeleteFunc(r.board.refs(), func(s string) bool { return strings.HasPrefix(s, "location:") }), " ")
			if got != tc.want {
				t.Errorf("let in %q, want %q", got, tc.want)
			}
			if refused := 5 - len(strings.Fields(got)); len(r.Problems()) != refused {
				t.Errorf("%d problems, want %d: %v", len(r.Problems()), refused, r.Problems())
			}
		})
	}
}

func TestRegisteredLocations(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": group("a"), "url:https://x.io/a.yaml": component("pay", "")}, nil).start(t)
	if _, err := r.Register(t.Context(), ingest.Asker{Subject: "user:default/ann", Plugin: "catalog"}, "file", "/etc/passwd"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file was registered: %v", err)
	}
	l, err := r.Register(t.Context(), ingest.Asker{Subject: "user:default/ann", Plugin: "catalog"}, "url", "https://x.io/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Register(t.Context(), ingest.Asker{Subject: "user:default/ann", Plugin: "catalog"}, "url", "https://x.io/a.yaml"); !fault.Is(err, fault.Conflict) {
		t.Errorf("registered twice: %v", err)
	}
	has := func() bool { _, ok := r.board.get("component:default/pay"); return ok }
	r.board.until(t, "the entity is there", has)
	if _, ok := r.board.get(l.EntityRef); !ok {
		t.Errorf("%s is not in the catalog", l.EntityRef)
	}
	if err := r.Unregister(t.Context(), ingest.Asker{Subject: "user:default/bob", Plugin: "catalog"}, l.ID, "plugin:other"); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed by another than who registered it: %v", err)
	}
	if err := r.Unregister(t.Context(), ingest.Asker{Subject: "user:default/bob", Plugin: "catalog"}, l.ID, ""); err != nil {
		t.Fatal(err)
	}
	r.board.until(t, "the entity is gone", func() bool { return !has() })
	if _, ok := r.board.get(l.EntityRef); ok {
		t.Errorf("%s is still in the catalog", l.EntityRef)
	}
}

func TestSourcesAreReadAgainWhenDue(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, func(c *ingest.Config) { c.Interval = time.Hour }).start(t)
	r.files.set("file:/c/all.yaml", component("bank", ""))
	r.board.until(t, "the new entity is there", func() bool {
		r.clock.advance(20 * time.Minute) // the engine may not be waiting yet
		_, ok := r.board.get("component:default/bank")
		if !ok {
			select {
			case r.board.changed <- struct{}{}: // look again
			default:
			}
		}
		return ok
	})
}

func TestAFailingStoreIsTriedAgain(t *testing.T) {
	away := fault.New(fault.Unavailable, "the database is away")
	for _, tc := range []struct {
		name        string
		write, load error
	}{
		{"a write fails", away, nil},
		{"then reading the stored catalog fails too", away, away},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, nil).start(t)
			before, _ := r.board.get("component:default/pay")
			r.store.mu.Lock()
			r.store.fail, r.store.failLoad = tc.write, tc.load
			r.store.mu.Unlock()
			r.files.set("file:/c/all.yaml", component("pay", ", system: new"))
			r.RefreshAll()
			r.board.until(t, "the change is there", func() bool {
				r.clock.advance(time.Minute)
				e, _ := r.board.get("component:default/pay")
				done := strings.Contains(string(e.Body), "new")
				if !done {
					select {
					case r.board.changed <- struct{}{}:
					default:
					}
				}
				return done
			})
			// A pass over a catalog that was not loaded would make the entity anew.
			if after, _ := r.board.get("component:default/pay"); after.UID != before.UID {
				t.Errorf("the uid was %s and is %s", before.UID, after.UID)
			}
			r.store.mu.Lock()
			defer r.store.mu.Unlock()
			if r.store.fail != nil || r.store.failLoad != nil {
				t.Error("the store did not fail")
			}
		})
	}
}

// What an unreadable file said cannot be processed for its new origin; nothing
// else may wait for it.
func TestAnUnreadableFileThatIsReachedAnotherWayStopsNothing(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", ""), "file:/c/new.yaml": location("parts", "./all.yaml") + component("bank", "")}, nil).start(t)
	r.files.damage("file:/c/all.yaml", fault.New(fault.Unavailable, "the disk is away"))
	r = r.restart(t, func(c *ingest.Config) { c.Locations = []ingest.Location{{Type: "file", Target: "/c/new.yaml"}} })
	r.waitPasses(t, 1)
	want := []string{"component:default/bank", "component:default/pay", r.generated(t), "location:default/parts"}
	if got := r.board.refs(); !slices.Equal(got, want) {
		t.Errorf("catalog %v, want %v", got, want)
	}
	r.files.set("file:/c/all.yaml", component("pay", ""))
	r.settle(t)
	if pay, _ := r.board.get("component:default/pay"); !strings.Contains(string(pay.Body), "origin-location\":\"file:/c/new.yaml") {
		t.Errorf("readable again, but its origin is old: %s", pay.Body)
	}
}

func TestTheOrderOfReadingDoesNotMatter(t *testing.T) {
	const sources = 12
	text := map[string]string{}
	var locations []ingest.Location
	for i := range sources {
		var doc strings.Builder
		for j := range 10 {
			doc.WriteString(component(fmt.Sprintf("c%d-%d", i, j), fmt.Sprintf(", dependsOn: ['component:c%d-%d', 'component:c%d-%d']", (i+j)%sources, (j+3)%10, (i*j+1)%sources, j)))
		}
		target := fmt.Sprintf("/c/%d.yaml", i)
		text["file:"+target] = doc.String() + group(fmt.Sprintf("g%d", i))
		locations = append(locations, ingest.Location{Type: "file", Target: target})
	}
	shuffle := rand.New(rand.NewPCG(1, 2))
	var first string
	for round := range 6 {
		r := newRig(t, text, func(c *ingest.Config) {
			c.Locations, c.Workers = slices.Clone(locations), 1+round
			shuffle.Shuffle(len(c.Locations), func(i, j int) { c.Locations[i], c.Locations[j] = c.Locations[j], c.Locations[i] })
			if round%2 == 1 { // half of them first, the rest later
				c.Locations = c.Locations[:sources/2]
			}
		}).start(t)
		if round%2 == 1 {
			r = r.restart(t, func(c *ingest.Config) { c.Locations = locations })
			r.waitPasses(t, 1)
		}
		if first == "" {
			first = r.board.dump()
		} else if got := r.board.dump(); got != first {
			t.Fatalf("round %d differs", round)
		}
	}
}

func TestRefreshReadsWhatTheEntityComesFrom(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": location("parts", "./a.yaml") + location("others", "./b.yaml"),
		"file:/c/a.yaml":   component("pay", ""),
		"file:/c/b.yaml":   component("bank", ""),
	}, nil).start(t)
	for _, tc := range []struct {
		name, ref, want string
	}{
		{"an entity", "component:default/pay", "pay1"},
		{"a Location entity leads on", "location:default/parts", "pay2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.files.set("file:/c/a.yaml", component("pay", ", system: "+tc.want))
			r.files.set("file:/c/b.yaml", component("bank", ", system: "+tc.want))
			passes := r.Stats().Passes
			r.Refresh(ingest.Asker{}, tc.ref)
			r.waitPasses(t, passes+1)
			pay, _ := r.board.get("component:default/pay")
			bank, _ := r.board.get("component:default/bank")
			if !strings.Contains(string(pay.Body), tc.want) || strings.Contains(string(bank.Body), tc.want) {
				t.Errorf("pay %s\nbank %s", pay.Body, bank.Body)
			}
		})
	}
}
