package plugin_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// answers counts who answers n calls; failures are counted as such.
func answers(t *testing.T, st *plugintest.Stage, n int) map[string]int {
	t.Helper()
	out := map[string]int{}
	for range n {
		text, err := st.Send(context.Background(), "xx", "")
		if err != nil {
			text = "failed"
		}
		out[text]++
	}
	return out
}

func TestCanaryTakesItsShare(t *testing.T) {
	for _, percent := range []int{1, 10, 33, 50, 99} {
		c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: saying("two")}})
		st, _ := casting(t, c, nil)
		if err := st.Canary(t.Context(), release("two"), percent); err != nil {
			t.Fatal(err)
		}
		if got := answers(t, st, 300); got["two"] != 3*percent || got["one"] != 300-3*percent {
			t.Errorf("at %d %% the answers came from %v", percent, got)
		}
		if s, _ := st.Get("xx"); s.Version != "one" || s.Versions[1].Role != plugin.RoleCanary || s.Versions[1].Percent != percent || s.Versions[1].Calls != uint64(3*percent) {
			t.Errorf("the canary is shown as %+v", s.Versions)
		}
	}
}

func TestCanaryIsPromotedOrWithdrawn(t *testing.T) {
	c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: saying("two")}, "three": {handle: saying("three")}})
	st, events := casting(t, c, nil)
	for _, percent := range []int{0, 100, -1} {
		wantKind(t, st.Canary(t.Context(), release("two"), percent), fault.Invalid)
	}
	wantKind(t, st.Promote(t.Context(), "xx"), fault.NotFound)
	wantKind(t, st.Withdraw(t.Context(), "xx"), fault.NotFound)

	start := func(name string) {
		t.Helper()
		if err := st.Canary(t.Context(), release(name), 50); err != nil {
			t.Fatal(err)
		}
	}
	start("two")
	if err := st.Withdraw(t.Context(), "xx"); err != nil {
		t.Fatal(err)
	}
	if got := answers(t, st, 10); got["one"] != 10 {
		t.Errorf("after withdrawing: %v", got)
	}
	start("two")
	start("three") // takes the place of the other
	if got := answers(t, st, 10); got["one"] != 5 || got["three"] != 5 {
		t.Errorf("after another canary: %v", got)
	}
	if err := st.Promote(t.Context(), "xx"); err != nil {
		t.Fatal(err)
	}
	if got := answers(t, st, 10); got["three"] != 10 {
		t.Errorf("after promoting: %v", got)
	}
	start("one")
	if err := st.Swap(t.Context(), release("two")); err != nil { // ends the canary
		t.Fatal(err)
	}
	if got := answers(t, st, 10); got["two"] != 10 {
		t.Errorf("after a swap: %v", got)
	}
	until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 2 })
	want := []string{
		"withdrawn two", "withdrawn two another canary took its place", "swapped one three",
		"withdrawn one another version was installed", "swapped three two",
	}
	if !slices.Equal(events.all(), want) {
		t.Errorf("observers heard %q, want %q", events.all(), want)
	}
}

// every fails each nth call of http.handle in a way of its own.
func every(n int, fail func() ([]byte, error)) func(context.Context, []byte, plugin.Door) ([]byte, error) {
	calls := 0
	return func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		if opOf(in) == abi.OpHTTPHandle {
			if calls++; calls%n == 0 {
				return fail()
			}
		}
		return saying("two")(ctx, in, d)
	}
}

func TestABadCanaryIsWithdrawnByItself(t *testing.T) {
	crash := func() ([]byte, error) { return crashing(context.Background(), nil, nil) }
	internal := func() ([]byte, error) {
		return plugintest.Refusal(abi.CodeInternal, contract.Error{Message: "bug"}), nil
	}
	absent := func() ([]byte, error) {
		return plugintest.Refusal(abi.CodeNotFound, contract.Error{Message: "no such thing"}), nil
	}
	for _, tc := range []struct {
		name   string
		one    func(context.Context, []byte, plugin.Door) ([]byte, error)
		two    func(context.Context, []byte, plugin.Door) ([]byte, error)
		reason string // empty: it stays
	}{
		{"it crashes", saying("one"), every(1, crash), "crashed"},
		{"it fails now and then", saying("one"), every(4, internal), "failed in"},
		{"so does the current one", every(4, internal), every(4, internal), ""},
		{"it refuses what is not there", saying("one"), every(2, absent), ""},
		{"it failed once", saying("one"), every(150, internal), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCast(map[string]*script{"one": {handle: tc.one}, "two": {handle: tc.two}})
			st, events := casting(t, c, nil)
			if err := st.Canary(t.Context(), release("two"), 50); err != nil {
				t.Fatal(err)
			}
			answers(t, st, 400)
			if tc.reason == "" {
				if got := events.all(); len(got) != 0 {
					t.Errorf("observers heard %q", got)
				}
				return
			}
			until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 1 && s.Version == "one" })
			if got := answers(t, st, 20); got["one"] != 20 {
				t.Errorf("afterwards: %v", got)
			}
			if got := events.all(); len(got) != 1 || !strings.HasPrefix(got[0], "withdrawn two ") || !strings.Contains(got[0], tc.reason) {
				t.Errorf("observers heard %q, want %q", got, tc.reason)
			}
		})
	}
}
