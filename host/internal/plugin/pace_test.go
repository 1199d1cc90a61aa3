package plugin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/pace"
)

// A plugin that has used up its processors is busy, for the caller to see; new
// limits help at once.
func TestCPUBudget(t *testing.T) {
	s := &script{handle: empty, guest: 10 * time.Second} // each call
	st := stage(t, s, plugin.Limits{CPU: 0.5})
	if err := send(st); err != nil {
		t.Fatal(err)
	}
	err := send(st)
	wantKind(t, err, fault.Exhausted)
	var busy *plugin.Busy
	if !errors.As(err, &busy) || busy.RetryAfter() < 10*time.Second || !strings.Contains(fault.Message(err), "0.5 processors") {
		t.Errorf("the refusal is %v, of %+v", err, busy)
	}
	if status, _ := st.Get("xx"); status.Crashes != 0 || status.State != plugin.Running || status.Versions[0].Errors != 0 {
		t.Errorf("afterwards: %+v", status)
	}
	if err := st.SetLimits(t.Context(), "xx", plugin.Limits{}); err != nil {
		t.Fatal(err)
	}
	if err := send(st); err != nil {
		t.Errorf("without the limit: %v", err)
	}
}

// The guest finds its pacer in the context of the call, behind any decorator.
func TestGuestsFindTheirPacer(t *testing.T) {
	var paced bool
	st := stage(t, &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		type key struct{}
		paced = plugin.PacerOf(context.WithValue(ctx, key{}, 1)) != nil
		return empty(ctx, in, d)
	}}, plugin.Limits{})
	if err := send(st); err != nil || !paced {
		t.Errorf("a call has a pacer: %v, %v", paced, err)
	}
	background := plugin.PacerOf(plugin.InBackground(t.Context(), pace.New(pace.Config{}))) != nil
	if !background || plugin.PacerOf(t.Context()) != nil {
		t.Error("a context has the wrong pacer")
	}
}
