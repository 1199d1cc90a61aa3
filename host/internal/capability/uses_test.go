package capability_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/sdk/abi"
)

var ten = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

// breaking is a store that fails when told to.
type breaking struct {
	store.Uses
	err error
}

func (b *breaking) AddUses(ctx context.Context, uses []store.UseRow, extents []store.ExtentRow) error {
	if b.err != nil {
		return b.err
	}
	return b.Uses.AddUses(ctx, uses, extents)
}

// counted is a gate whose one plugin may read the clock and may not kv.
func counted(t testing.TB) (*capability.Gate, *capability.Uses, *breaking) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "uses.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	answer := func(what, name string) capability.Operation {
		return capability.Plain(what, func(_ context.Context, c *capability.Call) (msgp.Marshaler, error) {
			c.Reached(abi.CapClock, "zone", name)
			if name == "broken" {
				return nil, errors.New("broken")
			}
			return nil, nil
		})
	}
	table, err := capability.NewTable(
		capability.Capability{ID: abi.CapClock, Ops: map[uint32]capability.Operation{1<<8 | 1: answer("clock.now/1", "utc"), 2<<8 | 1: answer("clock.zone/1", "broken")}},
		capability.Capability{ID: abi.CapKV, Ops: map[uint32]capability.Operation{1<<8 | 1: answer("kv.get/1", "x")}},
	)
	if err != nil {
		t.Fatal(err)
	}
	rows := &breaking{Uses: db}
	uses := capability.NewUses(table, rows, func() time.Time { return ten })
	gate := capability.NewGate(capability.Config{Table: table, Uses: uses})
	rights, err := table.Resolve([]capability.Request{{Name: "clock"}, {Name: "kv"}}, capability.Grants{"clock": json.RawMessage("true")}, false)
	if err != nil {
		t.Fatal(err)
	}
	gate.SetRights("p", "d", rights)
	return gate, uses, rows
}

func used(t testing.TB, u *capability.Uses) string {
	t.Helper()
	uses, reached, err := u.Of(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, use := range uses {
		out = append(out, fmt.Sprintf("%s %d/%d", use.Operation, use.Uses, use.Denied))
		if (use.Uses > 0) != use.LastUsed.Equal(ten) || (use.Denied > 0) != use.LastDenied.Equal(ten) {
			t.Errorf("%+v", use)
		}
	}
	for _, r := range reached {
		out = append(out, r.Capability+" "+r.What+" "+r.Name)
	}
	return strings.Join(out, ", ")
}

func TestUsesAreCounted(t *testing.T) {
	gate, uses, rows := counted(t)
	call := func(id abi.Capability, op uint32) {
		s := gate.Open(capability.Opening{Plugin: "p", Digest: "d"})
		defer s.Close()
		s.Call(t.Context(), id, op, nil)
	}
	for range 3 {
		call(abi.CapClock, 1<<8|1)
	}
	call(abi.CapClock, 2<<8|1) // fails, and was used
	call(abi.CapKV, 1<<8|1)    // not granted
	call(abi.CapHTTP, 1<<8|1)  // not offered
	call(abi.CapClock, 99<<8|1)
	want := " 1/0, clock.now/1 3/0, clock.zone/1 1/0,  0/1, kv.get/1 0/1, clock zone broken, clock zone utc"
	if got := used(t, uses); got != want {
		t.Errorf("used %q\nwant %q", got, want)
	}
	rows.err = fault.New(fault.Unavailable, "no database")
	call(abi.CapClock, 1<<8|1)
	if err := uses.Flush(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Flush: %v", err)
	}
	rows.err = nil
	if got := used(t, uses); got != strings.Replace(want, "3/0", "4/0", 1) {
		t.Errorf("after the database was gone %q", got)
	}
	if err := uses.Forget(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if got := used(t, uses); got != "" {
		t.Errorf("forgotten: %q", got)
	}
}

func TestUsesOfManyCallsAtOnce(t *testing.T) {
	gate, uses, _ := counted(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				s := gate.Open(capability.Opening{Plugin: "p", Digest: "d"})
				s.Call(t.Context(), abi.CapClock, 1<<8|1, nil)
				s.Close()
			}
		})
		wg.Go(func() {
			for range 5 {
				if err := uses.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := used(t, uses); got != "clock.now/1 1600/0, clock zone utc" {
		t.Errorf("used %q", got)
	}
}

// BenchmarkCall is a host call that nobody counts, one that is counted, and one
// that also notes what it reached.
func BenchmarkCall(b *testing.B) {
	gate, uses, _ := counted(b)
	operation := func(reach bool) capability.Table {
		return capability.Table{abi.CapClock: {ID: abi.CapClock, Ops: map[uint32]capability.Operation{
			1<<8 | 1: capability.Plain("clock.now/1", func(_ context.Context, c *capability.Call) (msgp.Marshaler, error) {
				if reach {
					c.Reached(abi.CapClock, "zone", "utc")
				}
				return nil, nil
			}),
		}}}
	}
	for _, c := range []struct {
		name   string
		config capability.Config
	}{
		{"plain", capability.Config{Table: operation(false)}},
		{"counted", capability.Config{Table: operation(false), Uses: uses}},
		{"reaching", capability.Config{Table: operation(true), Uses: uses}},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := capability.NewGate(c.config)
			g.SetRights("p", "d", gate.Rights("p", "d"))
			s := g.Open(capability.Opening{Plugin: "p", Digest: "d", HostCalls: 1 << 40})
			defer s.Close()
			for b.Loop() {
				s.Call(b.Context(), abi.CapClock, 1<<8|1, nil)
			}
		})
	}
}
