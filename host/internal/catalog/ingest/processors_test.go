package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/contract"
)

// processor is a plugin's processor in Go.
type processor struct {
	version string
	kinds   []string
	open    bool
	process func(contract.ProcessItem) (contract.ProcessResult, error)

	mu   sync.Mutex
	seen []string
}

func (*processor) Name() string      { return "enrich" }
func (p *processor) Version() string { return p.version }
func (p *processor) Kinds() []string { return p.kinds }
func (p *processor) FailOpen() bool  { return p.open }

func (p *processor) Process(_ context.Context, req contract.ProcessRequest) (contract.ProcessReply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	for _, tc := range []struct {
		name    string
		open    bool
		process func(contract.ProcessItem) (contract.ProcessResult, error)
		want    string // in the entity or in its relations
		problem string
	}{
		{name: "changes the entity", want: `"title":"Payments"`, process: func(i contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Entity: title(i)}, nil
		}},
		{name: "adds a relation", want: "deployedOn resource:default/cluster", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Relations: []contract.EmittedRelation{{Source: "component:pay", Type: "deployedOn", Target: "resource:cluster"}}}, nil
		}},
		{name: "emits an entity", want: `"name":"pay"`, process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Emit: [][]byte{[]byte(emittedAPI)}}, nil
		}},
		{name: "reports an error", problem: "processor enrich: no such project", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Errors: []string{"no such project"}}, nil
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
		{name: "emits an invalid entity", problem: "an entity that it emitted for component:default/pay is refused", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{Emit: [][]byte{[]byte(`{"kind":"API"}`)}}, nil
		}},
		{name: "fails closed", problem: "processor enrich failed: internal error", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
			return contract.ProcessResult{}, errors.New("trap")
		}},
		{name: "fails open", open: true, want: `"name":"pay"`, process: func(contract.ProcessItem) (contract.ProcessResult, error) {
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
			if !strings.Contains(string(e.Body)+relations.String(), tc.want) || len(r.Problems()) > 0 {
				t.Errorf("entity %s, relations %s, problems %v; want %q", e.Body, &relations, r.Problems(), tc.want)
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
