package ingest_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/sdk/contract"
)

// What a processor looked up elsewhere is looked up again when its key is
// refreshed, though no source changed: for entities of files and of buckets,
// before a restart and after, and for no others.
func TestRefreshKeys(t *testing.T) {
	var level atomic.Int32
	calls := func(p *processor) string {
		p.mu.Lock()
		defer p.mu.Unlock()
		seen := strings.Join(p.seen, " ")
		p.seen = nil
		return seen
	}
	p := &processor{version: "1"}
	p.process = func(item contract.ProcessItem) (contract.ProcessResult, error) {
		if strings.HasSuffix(item.Ref, "/plain") || !strings.HasPrefix(item.Ref, "component:") {
			return contract.ProcessResult{}, nil
		}
		text := strings.Replace(string(item.Entity), `"lifecycle":"production"`, fmt.Sprintf(`"lifecycle":"level-%d"`, level.Load()), 1)
		return contract.ProcessResult{Entity: []byte(text), RefreshKeys: []string{"level", "level", "of " + item.Ref}}, nil
	}
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("pay", "") + component("plain", "")}, func(c *ingest.Config) { c.Processors = []ingest.Processor{p} })
	r.provide(t, ingest.Provision{Documents: [][]byte{service("brought"), service("other")}})
	calls(p)
	shows := func(ref, want string) func() bool {
		return func() bool {
			e, _ := r.board.get(ref)
			return strings.Contains(string(e.Body), want)
		}
	}
	level.Store(1)
	r.settle(t)
	if seen := calls(p); seen != "" {
		t.Errorf("nothing changed, and %s was processed", seen)
	}
	r.RefreshKeys("other", []string{"level"})
	r.RefreshKeys("enrich", []string{"nothing has it"})
	r.settle(t)
	if seen := calls(p); seen != "" {
		t.Errorf("another's key, or none: %s was processed", seen)
	}
	r.RefreshKeys("enrich", []string{"of component:default/brought"})
	r.board.until(t, "the one with the key is new", shows("component:default/brought", "level-1"))
	if seen := calls(p); seen != "component:default/brought" {
		t.Errorf("%s was processed", seen)
	}
	for _, after := range []string{"without a restart", "after one"} {
		next := fmt.Sprintf("level-%d", level.Add(1))
		r.RefreshKeys("enrich", []string{"level"})
		for _, name := range []string{"pay", "brought", "other"} {
			r.board.until(t, name+" is new "+after, shows("component:default/"+name, next))
		}
		if seen := calls(p); strings.Contains(seen, "plain") {
			t.Errorf("%s: %s was processed", after, seen)
		}
		r = r.restart(t, nil)
		r.settle(t)
		calls(p)
	}
}

func TestRefreshKeysAreBounded(t *testing.T) {
	many := make([]string, ingest.MaxRefreshKeys+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for name, tc := range map[string]struct {
		keys []string
		want string
	}{
		"none":      {[]string{""}, `refresh key "" must be 1 to 512 bytes of UTF-8 without NUL`},
		"NUL":       {[]string{"a\x00"}, `refresh key "a\x00" must be`},
		"not UTF-8": {[]string{"\xff"}, "refresh key"},
		"long":      {[]string{strings.Repeat("x", ingest.MaxRefreshBytes+1)}, "refresh key"},
		"many":      {many, "the entity would have 101 refresh keys; at most 100"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &processor{version: "1", process: func(contract.ProcessItem) (contract.ProcessResult, error) {
				return contract.ProcessResult{RefreshKeys: tc.keys}, nil
			}}
			r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, func(c *ingest.Config) { c.Processors = []ingest.Processor{p} }).start(t)
			if got := r.Problems(); len(got) == 0 || !strings.Contains(got[0].Message, tc.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}
