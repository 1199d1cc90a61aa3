package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/contract"
)

// busy is the cause of a refusal that came before anything was read.
type busy struct{}

func (busy) Error() string             { return "the queue is full" }
func (busy) RetryAfter() time.Duration { return time.Second }

// One entity that a processor dies of does not take the others of its batch
// with it; a processor that takes nothing at the moment is not asked for each.
func TestOneBadEntityFailsAlone(t *testing.T) {
	for _, tc := range []struct {
		name  string
		all   bool // it fails for every entity
		err   error
		calls int // of the processor
		there int // of 20 entities, all but those it failed for
	}{
		{"it crashes", false, fault.New(fault.Internal, "plugin x crashed"), 1 + 20, 19},
		{"it takes for ever", false, fault.New(fault.Timeout, "not in time"), 1 + 20, 19},
		{"it takes all memory", false, fault.New(fault.Exhausted, "no memory"), 1 + 20, 19},
		{"it fails for all", true, fault.New(fault.Internal, "it does not work"), 1 + 10, 0},
		{"it is away", false, fault.New(fault.Unavailable, "the plugin is restarting"), 1, 0},
		{"its queue is full", false, fault.Wrap(fault.Exhausted, busy{}, "the plugin is busy"), 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls := 0
			proc := &processor{version: "1", kinds: []string{"component"}}
			proc.process = func(i contract.ProcessItem) (contract.ProcessResult, error) {
				if i.Ref == "component:default/c7" || tc.all {
					return contract.ProcessResult{}, tc.err
				}
				return contract.ProcessResult{}, nil
			}
			var all strings.Builder
			for i := range 20 {
				all.WriteString(component(fmt.Sprintf("c%d", i), ""))
			}
			r := newRig(t, map[string]string{"file:/c/all.yaml": all.String()}, func(c *ingest.Config) {
				c.Processors = []ingest.Processor{&countingProcessor{proc, &calls}}
			}).start(t)
			there := 0
			for i := range 20 {
				if _, ok := r.board.get(fmt.Sprintf("component:default/c%d", i)); ok {
					there++
				}
			}
			if there != tc.there || calls != tc.calls {
				t.Errorf("%d of 20 entities are there after %d calls, want %d after %d; problems %v", there, calls, tc.there, tc.calls, r.Problems())
			}
			if _, ok := r.board.get("component:default/c7"); ok {
				t.Error("the bad one is there")
			}
		})
	}
}

type countingProcessor struct {
	*processor
	calls *int
}

func (p *countingProcessor) Process(ctx context.Context, req contract.ProcessRequest) (contract.ProcessReply, error) {
	*p.calls++
	return p.processor.Process(ctx, req)
}
