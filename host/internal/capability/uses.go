package capability

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
)

// Bounds of what is kept of one plugin.
const (
	maxCapabilities = 32 // numbers of capabilities that are told apart
	maxOperations   = 16 // numbers of operations of one capability
	maxExtents      = 200
)

// Use is what a plugin did with one operation of a capability.
type Use struct {
	Capability string
	Operation  string // "kv.get/1"; empty for operations that are none
	Uses       uint64
	Denied     uint64
	LastUsed   time.Time // zero = never; to the minute
	LastDenied time.Time
}

// Reach is one thing that a plugin reached through a capability: a kind, a
// host, a prefix. Together they are the narrowest scope that would have done.
type Reach struct {
	Capability string
	What       string // "kind", "host", "prefix", "topic", "plugin"
	Name       string
	LastUsed   time.Time
}

// Uses keeps what plugins use of what they were granted, so that an operator
// can be shown the least grant that would have sufficed. Noting a use is two
// indexes and an atomic addition; what was noted goes to the store when Flush
// is called. It is safe for concurrent use.
type Uses struct {
	rows  store.Uses
	now   func() time.Time
	table Table

	byPlugin sync.Map // plugin → *pluginUses
	flushing sync.Mutex
}

// NewUses returns an observer for a gate with the table.
func NewUses(table Table, rows store.Uses, now func() time.Time) *Uses {
	return &Uses{rows: rows, now: now, table: table}
}

// pluginUses are the counts since the last flush.
type pluginUses struct {
	operations [maxCapabilities][maxOperations]struct{ uses, denied atomic.Uint64 }

	fresh atomic.Pointer[map[extent]bool] // reached since the last flush; never changed, only replaced
	mu    sync.Mutex                      // of writers of fresh
	known map[extent]bool                 // ever, in this process
}

type extent struct {
	capability abi.Capability
	what, name string
}

func (u *Uses) of(plugin string) *pluginUses {
	if found, ok := u.byPlugin.Load(plugin); ok {
		return found.(*pluginUses) //nolint:forcetypeassert // nothing else is stored
	}
	made := &pluginUses{known: map[extent]bool{}}
	made.fresh.Store(&map[extent]bool{})
	found, _ := u.byPlugin.LoadOrStore(plugin, made)
	return found.(*pluginUses) //nolint:forcetypeassert // as above
}

// note counts one host call.
func (p *pluginUses) note(id abi.Capability, op uint32, err error) {
	c := &p.operations[min(id, maxCapabilities-1)][min(op>>8, maxOperations-1)]
	if err != nil && fault.Is(err, fault.Denied) {
		c.denied.Add(1)
		return
	}
	c.uses.Add(1)
}

// reach notes that something was reached.
func (p *pluginUses) reach(e extent) {
	if (*p.fresh.Load())[e] {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known[e] {
		if len(p.known) >= maxExtents {
			return
		}
		e.name = strings.Clone(e.name) // it may view a request
		p.known[e] = true
	}
	fresh := maps.Clone(*p.fresh.Load())
	fresh[e] = true
	p.fresh.Store(&fresh)
}

// Reached notes what an operation reached: a kind, a host, a prefix. It costs
// a lookup, so that operations may call it each time.
func (c *Call) Reached(id abi.Capability, what, name string) {
	if c.session != nil && c.session.uses != nil && name != "" && len(name) <= 200 {
		c.session.uses.reach(extent{id, what, name})
	}
}

// Flush adds what was noted since the last time to the store. What cannot be
// stored now waits for the next time. Fault: Unavailable.
func (u *Uses) Flush(ctx context.Context) error {
	u.flushing.Lock()
	defer u.flushing.Unlock()
	var uses []store.UseRow
	var extents []store.ExtentRow
	var put []func()
	now := u.now()
	u.byPlugin.Range(func(key, value any) bool {
		plugin, p := key.(string), value.(*pluginUses) //nolint:forcetypeassert // nothing else is stored
		taken, back := u.take(plugin, p, now)
		uses, put = append(uses, taken...), append(put, back)
		p.mu.Lock()
		fresh := p.fresh.Swap(&map[extent]bool{})
		p.mu.Unlock()
		for e := range *fresh {
			extents = append(extents, store.ExtentRow{Plugin: plugin, Capability: e.capability.String(), Extent: e.what + " " + e.name, UsedAt: now})
			put = append(put, func() { p.reach(e) })
		}
		return true
	})
	if len(uses)+len(extents) == 0 {
		return nil
	}
	slices.SortFunc(uses, func(a, b store.UseRow) int {
		return cmp.Or(strings.Compare(a.Plugin, b.Plugin), strings.Compare(a.Capability, b.Capability), strings.Compare(a.Operation, b.Operation))
	})
	slices.SortFunc(extents, func(a, b store.ExtentRow) int {
		return cmp.Or(strings.Compare(a.Plugin, b.Plugin), strings.Compare(a.Capability, b.Capability), strings.Compare(a.Extent, b.Extent))
	})
	if err := u.rows.AddUses(ctx, uses, extents); err != nil {
		for _, back := range put {
			back()
		}
		return fmt.Errorf("storing what plugins use: %w", err)
	}
	return nil
}

// take empties the counters of a plugin; back puts them there again.
func (u *Uses) take(plugin string, p *pluginUses, now time.Time) (rows []store.UseRow, back func()) {
	var undo []func()
	for id := range p.operations {
		for op := range p.operations[id] {
			c := &p.operations[id][op]
			uses, denied := c.uses.Swap(0), c.denied.Swap(0)
			if uses+denied == 0 {
				continue
			}
			undo = append(undo, func() { c.uses.Add(uses); c.denied.Add(denied) })
			capability := abi.Capability(id) //nolint:gosec // an index of a small array
			row := store.UseRow{Plugin: plugin, Capability: capability.String(), Operation: u.operation(capability, op), Uses: uses, Denied: denied}
			if uses > 0 {
				row.UsedAt = now
			}
			if denied > 0 {
				row.DeniedAt = now
			}
			rows = append(rows, row)
		}
	}
	return rows, func() {
		for _, f := range undo {
			f()
		}
	}
}

// operation names the operation with a number, in its newest version.
func (u *Uses) operation(id abi.Capability, number int) string {
	name, newest := "", uint32(0)
	for op, operation := range u.table[id].Ops {
		if op>>8 == uint32(number) && op >= newest { //nolint:gosec // an index of a small array
			name, newest = operation.Name, op
		}
	}
	return name
}

// Of returns what a plugin used, on every replica and ever, by capability and
// operation. Fault: Unavailable.
func (u *Uses) Of(ctx context.Context, plugin string) ([]Use, []Reach, error) {
	if err := u.Flush(ctx); err != nil {
		return nil, nil, err
	}
	rows, extents, err := u.rows.ListUses(ctx, plugin)
	if err != nil {
		return nil, nil, fmt.Errorf("reading what plugin %s uses: %w", plugin, err)
	}
	out := make([]Use, len(rows))
	for i, r := range rows {
		out[i] = Use{Capability: r.Capability, Operation: r.Operation, Uses: r.Uses, Denied: r.Denied, LastUsed: r.UsedAt, LastDenied: r.DeniedAt}
	}
	reached := make([]Reach, len(extents))
	for i, e := range extents {
		what, name, _ := strings.Cut(e.Extent, " ")
		reached[i] = Reach{Capability: e.Capability, What: what, Name: name, LastUsed: e.UsedAt}
	}
	return out, reached, nil
}

// Forget drops what a plugin used, for one that was removed.
func (u *Uses) Forget(ctx context.Context, plugin string) error {
	u.byPlugin.Delete(plugin)
	if err := u.rows.DropUses(ctx, plugin); err != nil {
		return fmt.Errorf("forgetting what plugin %s used: %w", plugin, err)
	}
	return nil
}
