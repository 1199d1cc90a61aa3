package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/contract"
)

// processor is a plugin's processor in Go.
type processor struct {
	version string
	kinds   []string
	open    bool
	batch   int
	process func(contract.ProcessItem) (contract.ProcessResult, error)

	mu    sync.Mutex
	seen  []string
	calls []int // how many entities each had
}

func (*processor) Name() string      { return "enrich" }
func (p *processor) Version() string { return p.version }
func (p *processor) Kinds() []string { return p.kinds }
func (p *processor) FailOpen() bool  { return p.open }
func (p *processor) Batch() int      { return p.batch }

func (p *processor) Process(_ context.Context, req contract.ProcessRequest) (contract.ProcessReply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, len(req.Items))
	var reply contract.ProcessReply
	for _, item := range req.Items {
		p.seen = append(p.seen, item.Ref)
		result, err := p.process(item)
		if err != nil {
			return contract.ProcessReply{}, err
		}
		reply.Results = append(reply.Results, result)
	}
	return reply, nil
}

const emittedAPI = `{"apiVersion":"backstage.io/v1alpha1","kind":"API","metadata":{"name":"of-pay"},"spec":{"type":"t","lifecycle":"l","owner":"o","definition":"d"}}`

func TestProcessors(t *testing.T) {
	title := func(i contract.ProcessItem) []byte {
		return []byte(strings.Replace(string(i.Entity), `"name":"pay"`, `"name":"pay","title":"Payments"`, 1))
	}
	owner := func(i contract.ProcessItem) []byte {
		return []byte(strings.Replace(string(i.Entity), `"owner":"team-a"`, `"owner":"mine"`, 1))
	}
	emit := func(rest string) func(contract.ProcessItem) (contract.ProcessResult, error) {
		return func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Emit: [][]byte{[]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":` + rest + `}`)}}, nil
		}
	}
	for _, tc := range []struct {
		name    string
		open    bool
		process func(contract.ProcessItem) (contract.ProcessResult, error)
		want    string // in the entity or in its relations
		not     string // in the entity nor in its relations
		note    string // in its status, which does not keep it out
		problem string
	}{
		{name: "changes the entity", want: `"title":"Payments"`, process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: title(i)}, nil
		}},
		{name: "adds a relation", want: "deployedOn resource:default/cluster", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Relations: []contract.EmittedRelation{{Source: "component:pay", Type: "deployedOn", Target: "resource:cluster"}}}, nil
		}},
		{name: "emits an entity with an owner", want: "owned by it: api:default/of-pay group:default/o", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Emit: [][]byte{[]byte(emittedAPI)}}, nil
		}},
		{name: "reports an error", want: `"name":"pay"`, note: "Error: processor enrich: no such project", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Errors: []string{"no such project"}}, nil
		}},
		{name: "reports errors beside results", want: `"title":"Payments"`, note: "Error: processor enrich: no such project\nError: processor enrich: nor team", process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: title(i), Errors: []string{"no such project", "nor team"}}, nil
		}},
		{name: "reports too much", want: `"name":"pay"`, note: "Error: processor enrich: and 151 more errors", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			result := contract.ProcessResult{}
			for range 200 {
				result.Errors = append(result.Errors, strings.Repeat("x", 100_000))
			}
			return result, nil
		}},
		{name: "makes another entity of it", problem: "it turned component:default/pay into another entity", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: []byte(emittedAPI)}, nil
		}},
		{name: "makes it invalid", problem: "its answer for component:default/pay is refused: /c/all.yaml: metadata.tags: must be a list", process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: []byte(strings.Replace(string(i.Entity), `"name":"pay"`, `"name":"pay","tags":1`, 1))}, nil
		}},
		{name: "answers rubbish", problem: "its answer for component:default/pay is not usable", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: []byte("{")}, nil
		}},
		{name: "declares ownership", problem: "relation ownedBy counts only when a descriptor declares it", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Relations: []contract.EmittedRelation{{Source: "component:pay", Type: "ownedBy", Target: "group:mine"}}}, nil
		}},
		{name: "declares a parent", problem: "relation parentOf counts only when a descriptor declares it", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Relations: []contract.EmittedRelation{{Source: "group:mine", Type: "parentOf", Target: "group:team-a"}}}, nil
		}},
		{name: "takes over ownership", problem: "it changed the owner, the members or the parents of component:default/pay", process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: owner(i)}, nil
		}},
		{name: "takes over ownership and fails open", open: true, want: "ownedBy group:default/team-a", not: "mine", note: "it changed the owner, the members or the parents of component:default/pay; they count only as its descriptor declares them; the entity goes on without it", process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{
				Entity: owner(i), Emit: [][]byte{[]byte(emittedAPI)},
				Relations: []contract.EmittedRelation{{Source: "component:pay", Type: "deployedOn", Target: "resource:mine"}},
			}, nil
		}},
		{name: "emits a group", problem: "a processor may not emit kind Group", process: emit(`"Group","metadata":{"name":"g"},"spec":{"type":"team","children":[]}`)},
		{name: "emits a user", problem: "a processor may not emit kind User", process: emit(`"User","metadata":{"name":"u"},"spec":{"memberOf":["admins"]}`)},
		{name: "emits a location", problem: "a processor may not emit kind Location", process: emit(`"Location","metadata":{"name":"l"},"spec":{"target":"./users.yaml"}`)},
		{name: "emits an invalid entity", problem: "an entity that it emitted for component:default/pay is refused", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Emit: [][]byte{[]byte(`{"kind":"API"}`)}}, nil
		}},
		{name: "fails closed", problem: "processor enrich failed: internal error", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{}, errors.New("trap")
		}},
		{name: "fails open", open: true, want: `"name":"pay"`, note: "ServiceUnavailableError: processor enrich failed: the plugin is restarting; the entity goes on without it", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{}, fault.New(fault.Unavailable, "the plugin is restarting")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			proc := &processor{version: "1", kinds: []string{"component"}, open: tc.open, process: tc.process}
			r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "") + group("team-a")}, func(c *ingest.Config) { c.Processors = []ingest.Processor{proc} }).start(t)
			if len(proc.seen) != 1 || proc.seen[0] != "component:default/pay" {
				t.Errorf("it saw %v", proc.seen)
			}
			e, ok := r.board.get("component:default/pay")
			if tc.problem != "" {
				if problems := fmt.Sprint(r.Problems()); ok || !strings.Contains(problems, tc.problem) {
					t.Errorf("in the catalog: %v; problems %s, want %q", ok, problems, tc.problem)
				}
				return
			}
			var relations strings.Builder
			for _, rel := range e.Relations {
				relations.WriteString(rel.Type + " " + rel.TargetRef + "\n")
			}
			if api, ok := r.board.get("api:default/of-pay"); ok {
				for _, rel := range api.Relations {
					relations.WriteString("owned by it: " + api.Ref + " " + rel.TargetRef + "\n")
				}
			}
			got := string(e.Body) + relations.String()
			if !strings.Contains(got, tc.want) || tc.not != "" && strings.Contains(got, tc.not) {
				t.Errorf("entity %s, relations %s; want %q, not %q", e.Body, &relations, tc.want, tc.not)
			}
			if status := r.board.status(t, e.Ref); !strings.Contains(status, tc.note) || tc.note == "" && status != "" || len(status) > 250_000 {
				t.Errorf("status %.3000q, want %q", status, tc.note)
			}
			if (tc.note != "") != (len(r.Problems()) > 0) {
				t.Errorf("problems %.3000v", r.Problems())
			}
		})
	}
}

func TestEmittedEntitiesLiveWithTheirParent(t *testing.T) {
	proc := &processor{version: "1", process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
		if i.Ref != "component:default/pay" {
			return contract.ProcessResult{}, nil
		}
		return contract.ProcessResult{Emit: [][]byte{[]byte(emittedAPI)}}, nil
	}}
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "") + component("bank", "")}, func(c *ingest.Config) { c.Processors = []ingest.Processor{proc} }).start(t)
	has := func(r *rig) bool { _, ok := r.board.get("api:default/of-pay"); return ok }
	if !has(r) {
		t.Fatal("it was not emitted")
	}
	r.files.set("file:/c/all.yaml", component("pay", "")+component("bank", ", system: s"))
	r.settle(t)
	if !has(r) || strings.Count(fmt.Sprint(proc.seen), "pay") != 1 {
		t.Errorf("its parent did not change, but: there %v, processed %v", has(r), proc.seen)
	}
	r = r.restart(t, nil)
	r.waitPasses(t, 1)
	r.files.set("file:/c/all.yaml", component("pay", "")+component("bank", ""))
	r.settle(t)
	if !has(r) {
		t.Error("after a restart it is gone")
	}
	r.files.set("file:/c/all.yaml", component("bank", ""))
	r.settle(t)
	if has(r) {
		t.Error("its parent is gone, but it is still there")
	}
}

func TestANewVersionOfAProcessorProcessesAnew(t *testing.T) {
	proc := &processor{version: "1", process: func(contract.ProcessItem) (contract.ProcessResult, error) { return contract.ProcessResult{}, nil }}
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, func(c *ingest.Config) { c.Processors = []ingest.Processor{proc} }).start(t)
	r = r.restart(t, nil)
	r.waitPasses(t, 1)
	if len(proc.seen) != 1 {
		t.Errorf("the same version saw %v", proc.seen)
	}
	proc.version = "2"
	r = r.restart(t, nil)
	r.waitPasses(t, 1)
	if len(proc.seen) != 2 {
		t.Errorf("the new version saw %v", proc.seen)
	}
}

// People and places count as their descriptors say, whatever a processor makes of them.
func TestProcessorsLeavePeopleAndPlacesAlone(t *testing.T) {
	user := head + "User\nmetadata: {name: ann}\nspec: {profile: {email: ann@example.com}, memberOf: [team-a]}\n---\n"
	for _, tc := range []struct{ name, ref, old, new, note string }{
		{"a user's address", "user:default/ann", "ann@example.com", "eve@example.com", "it changed user:default/ann; users and groups count as their descriptors declare them"},
		{"a user's groups", "user:default/ann", `["team-a"]`, `["admins"]`, "it changed user:default/ann"},
		{"a group", "group:default/team-a", `"children":[]`, `"children":[],"parent":"admins"`, "it changed group:default/team-a"},
		{"where a location leads", "location:default/parts", "./a.yaml", "./b.yaml", "it changed what location:default/parts leads to"},
		{"what a location is called", "location:default/parts", `"name":"parts"`, `"name":"parts","title":"Parts"`, ""},
		{"the order of keys", "user:default/ann", `{"profile":{"email":"ann@example.com"},"memberOf":["team-a"]}`, `{"memberOf":["team-a"],"profile":{"email":"ann@example.com"}}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			proc := &processor{version: "1", open: true, process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
				if i.Ref != tc.ref {
					return contract.ProcessResult{}, nil
				}
				if !strings.Contains(string(i.Entity), tc.old) {
					t.Errorf("no %q in %s", tc.old, i.Entity)
				}
				return contract.ProcessResult{Entity: []byte(strings.Replace(string(i.Entity), tc.old, tc.new, 1))}, nil
			}}
			r := newRig(t, map[string]string{
				"file:/c/all.yaml": user + group("team-a") + location("parts", "./a.yaml"), "file:/c/a.yaml": component("pay", ""), "file:/c/b.yaml": component("bank", ""),
			}, func(c *ingest.Config) { c.Processors = []ingest.Processor{proc} }).start(t)
			if status := r.board.status(t, tc.ref); !strings.Contains(status, tc.note) || tc.note == "" && status != "" {
				t.Errorf("status %q, want %q", status, tc.note)
			}
			e, _ := r.board.get(tc.ref)
			if changed := !strings.Contains(string(e.Body), tc.old); tc.note != "" && changed {
				t.Errorf("it became %s", e.Body)
			}
			if _, led := r.board.get("component:default/bank"); led {
				t.Error("the location led elsewhere")
			}
		})
	}
}

func TestAProcessorThatWasAwayIsAskedAgain(t *testing.T) {
	away := true
	proc := &processor{version: "1", open: true, kinds: []string{"component"}}
	proc.process = func(i contract.ProcessItem) (contract.ProcessResult, error) {
		switch {
		case away:
			return contract.ProcessResult{}, fault.New(fault.Unavailable, "the plugin is restarting")
		case i.Ref == "component:default/pay":
			return contract.ProcessResult{Emit: [][]byte{[]byte(emittedAPI)}}, nil
		}
		return contract.ProcessResult{}, nil
	}
	set := func(to bool) {
		proc.mu.Lock()
		defer proc.mu.Unlock()
		away = to
	}
	const note = "ServiceUnavailableError: processor enrich failed: the plugin is restarting; the entity goes on without it"
	check := func(r *rig, when, want string) {
		t.Helper()
		if got := r.board.status(t, "component:default/pay"); got != want {
			t.Errorf("%s the status is %q, want %q", when, got, want)
		}
	}
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "") + component("bank", "")}, func(c *ingest.Config) {
		c.Processors, c.Interval = []ingest.Processor{proc}, 1_000_000*time.Hour // what is due is due early
	}).start(t)
	check(r, "at first", note)
	recovered := func(r *rig) {
		t.Helper()
		r.board.until(t, "it was asked again without a request", func() bool {
			r.clock.advance(30 * time.Second)
			ok := r.board.status(t, "component:default/pay") == ""
			if !ok {
				select {
				case r.board.changed <- struct{}{}: // look again
				default:
				}
			}
			return ok
		})
		if _, ok := r.board.get("api:default/of-pay"); !ok {
			t.Error("nothing was emitted")
		}
	}
	set(false)
	recovered(r)

	set(true)
	r.files.set("file:/c/all.yaml", component("pay", ", system: new")+component("bank", ""))
	r.settle(t)
	check(r, "after an edit", note)
	e, _ := r.board.get("component:default/pay")
	if _, ok := r.board.get("api:default/of-pay"); !ok || !strings.Contains(string(e.Body), "new") {
		t.Errorf("what it emitted is there: %v; the edit: %s", ok, e.Body)
	}
	if got := r.board.status(t, "component:default/bank"); got != "" {
		t.Errorf("what did not change has status %q", got)
	}
	r = r.restart(t, nil)
	check(r, "at a restart", note)
	r.waitPasses(t, 1)
	check(r, "after a restart", note)
	if _, ok := r.board.get("api:default/of-pay"); !ok {
		t.Error("a restart removed what it emitted")
	}
	r.files.damage("file:/c/all.yaml", fault.New(fault.Unavailable, "the disk is away"))
	r = r.restart(t, nil)
	r.waitPasses(t, 1)
	check(r, "with an unreadable source", note)
	r.files.set("file:/c/all.yaml", component("pay", ", system: new")+component("bank", ""))
	set(false)
	r.settle(t)
	recovered(r)
}

// lines counts log lines by message.
type lines struct {
	slog.Handler
	mu    sync.Mutex
	count map[string]int
}

func (*lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[r.Message]++
	return nil
}

func TestAFailureIsLoggedOncePerBatch(t *testing.T) {
	log := &lines{count: map[string]int{}}
	proc := &processor{version: "1", open: true, process: func(contract.ProcessItem) (contract.ProcessResult, error) {
		return contract.ProcessResult{}, errors.New("trap")
	}}
	var all strings.Builder
	for i := range 150 {
		all.WriteString(component(fmt.Sprintf("c%d", i), ""))
	}
	newRig(t, map[string]string{"file:/c/all.yaml": all.String()}, func(c *ingest.Config) {
		c.Processors, c.Log = []ingest.Processor{proc}, slog.New(log)
	}).start(t)
	log.mu.Lock()
	defer log.mu.Unlock()
	if got := log.count["a processor failed"]; got != 2 {
		t.Errorf("%d lines for two batches", got)
	}
}
