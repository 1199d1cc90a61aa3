package plugin_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Several operators change one plugin in every way at once, under load:
// nothing hangs, nothing but refusals of a changing plugin reaches a caller,
// and nothing is left behind.
func TestManyOperatorsAtOnce(t *testing.T) {
	bad := func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		if opOf(in) == abi.OpHealth {
			return healthy(contract.Health{OK: true})
		}
		return crashing(ctx, in, d)
	}
	scripts := map[string]*script{"one": {handle: saying("one")}, "two": {handle: saying("two")}, "bad": {handle: bad}}
	c := newCast(scripts)
	st, _ := casting(t, c, nil)
	if err := st.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var ended atomic.Bool
	var callers, operators sync.WaitGroup
	for range 6 {
		callers.Go(func() {
			for !ended.Load() {
				switch err := send(st); fault.KindOf(err) {
				case fault.Unavailable, fault.NotFound: // disabled, removed, or its breaker is open
				default:
					if err != nil && !strings.Contains(err.Error(), "crashed") {
						t.Errorf("a call: %v", err)
						return
					}
				}
			}
		})
	}
	names := []string{"one", "two", "one", "two", "bad"}
	for range 4 {
		operators.Go(func() {
			for range 100 {
				pkg := release(names[rand.IntN(len(names))])
				var err error
				switch rand.IntN(10) {
				case 0, 1, 2:
					err = st.Swap(ctx, pkg)
				case 3, 4:
					err = st.Canary(ctx, pkg, 1+rand.IntN(99))
				case 5:
					err = st.Promote(ctx, "xx")
				case 6:
					err = st.Withdraw(ctx, "xx")
				case 7:
					err = st.Disable(ctx, "xx", "for a test")
				case 8:
					err = st.Enable(ctx, "xx")
				case 9:
					err = st.SetLimits(ctx, "xx", pkg.Limits)
				}
				switch fault.KindOf(err) {
				case fault.Unavailable, fault.Conflict, fault.NotFound:
				default:
					if err != nil {
						t.Errorf("an operator: %v", err)
					}
				}
				if rand.IntN(20) == 0 {
					if err := st.Remove(ctx, "xx"); err == nil {
						_ = st.Registry.Install(ctx, release("one"))
					}
				}
			}
		})
	}
	operators.Wait()
	ended.Store(true)
	callers.Wait()
	if err := st.Close(ctx); err != nil {
		t.Error(err)
	}
	for name, s := range scripts {
		if _, open := c.loaded(name); open != 0 || s.alive() != 0 {
			t.Errorf("of %s %d modules and %d instances are left", name, open, s.alive())
		}
	}
}

// A plugin that fails politely, with HTTP statuses, fails all the same.
func TestACanaryThatAnswersWithErrorsIsWithdrawn(t *testing.T) {
	answering := func(status int) *script {
		return &script{handle: func(_ context.Context, in []byte, _ plugin.Door) ([]byte, error) {
			if opOf(in) == abi.OpHealth {
				return healthy(contract.Health{OK: true})
			}
			payload, err := (&contract.HTTPResponse{Status: status}).MarshalMsg(nil)
			return plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, payload), err
		}}
	}
	for _, tc := range []struct {
		status int
		stays  bool
	}{{404, true}, {500, false}, {503, false}} {
		st, _ := casting(t, newCast(map[string]*script{"one": answering(200), "two": answering(tc.status)}), nil)
		if err := st.Canary(t.Context(), release("two"), 50); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			answer, err := extension.HTTP(t.Context(), st, &extension.HTTPRequest{Plugin: "xx", Method: "GET", Authority: viewer()})
			if err != nil {
				t.Fatal(err)
			}
			answer.Close()
		}
		if tc.stays {
			if s, _ := st.Get("xx"); s.Versions[1].Role != plugin.RoleCanary {
				t.Errorf("a canary that answers %d is gone", tc.status)
			}
			continue
		}
		until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 1 })
	}
}
