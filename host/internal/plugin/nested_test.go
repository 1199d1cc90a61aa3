package plugin_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// Two plugins with one instance each call each other, both ways at once: each
// call holds what the other one needs.
func TestPluginsThatCallEachOtherDoNotWaitForEver(t *testing.T) {
	const callers = 8
	var st *plugintest.Stage
	other := map[plugin.ID]plugin.ID{"one": "two", "two": "one"}
	var meet sync.WaitGroup // both are inside before either calls out
	meet.Add(2)
	var once [2]sync.Once
	s := &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		header, _, err := abi.ParseCallHeader(in)
		if err != nil {
			return nil, err
		}
		if header.ParentID != 0 {
			return empty(ctx, in, d)
		}
		self := plugin.ID("one")
		if header.TraceID[0] == 2 {
			self = "two"
		}
		once[header.TraceID[0]-1].Do(meet.Done)
		meet.Wait()
		reply, err := st.Call(ctx, plugin.Call{
			Plugin: other[self], Op: abi.OpHTTPHandle, ParentID: header.CallID,
			Authority: principal.Guest("user:default/ada").Through(principal.Actor{Plugin: string(self)}),
		})
		if err != nil {
			return nil, err
		}
		reply.Close()
		return empty(ctx, in, d)
	}}
	st = plugintest.NewStage(t, s)
	limits := plugin.Limits{Instances: 1, Queue: 2 * callers, Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute}}
	for id := range other {
		st.Install(t, id, []byte(id), limits)
	}
	errs := make(chan error, 2*callers)
	for i := range 2 * callers {
		go func() {
			id, trace := plugin.ID("one"), byte(1)
			if i%2 == 1 {
				id, trace = "two", 2
			}
			reply, err := st.Call(context.Background(), plugin.Call{
				Plugin: id, Op: abi.OpHTTPHandle, Authority: principal.Guest("user:default/ada"), TraceID: [16]byte{trace},
			})
			if err == nil {
				reply.Close()
			}
			errs <- err
		}()
	}
	for range 2 * callers {
		if err := <-errs; err != nil {
			t.Errorf("a call between plugins: %v", err)
		}
	}
	for id := range other {
		if status, err := st.Get(id); err != nil || status.Instances.Idle > 1 || status.Instances.Busy != 0 {
			t.Errorf("plugin %s keeps more than its share: %+v, %v", id, status.Instances, err)
		}
	}
}

// A plugin that acts for itself in the middle keeps the depth that it has.
func TestDepthCountsTheCauseToo(t *testing.T) {
	st := stage(t, &script{handle: empty}, plugin.Limits{})
	deep := principal.Guest("user:default/ada")
	for _, p := range []string{"a", "b", "c"} {
		deep = deep.Through(principal.Actor{Plugin: p})
	}
	own := deep.AsPlugin()
	if reply, err := st.Call(t.Context(), plugin.Call{Plugin: "xx", Op: abi.OpHTTPHandle, Authority: own}); err != nil {
		t.Errorf("the fourth plugin on a path: %v", err)
	} else {
		reply.Close()
	}
	_, err := st.Call(t.Context(), plugin.Call{Plugin: "xx", Op: abi.OpHTTPHandle, Authority: own.Through(principal.Actor{Plugin: "d"})})
	wantKind(t, err, fault.Denied)
	_, err = st.Call(t.Context(), plugin.Call{Plugin: "xx", Op: abi.OpHTTPHandle, Authority: principal.Guest("user:default/ada").Through(principal.Actor{Plugin: "xx"}).Through(principal.Actor{Plugin: "y"}).AsPlugin()})
	wantKind(t, err, fault.Denied)
}
