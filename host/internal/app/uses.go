package app

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
)

// capabilityUses counts what plugins use of what they were granted, on this
// replica since it started: what is never used need not be granted.
type capabilityUses struct{ byName sync.Map } // useKey → *use

type useKey struct{ plugin, capability string }

type use struct {
	uses, denied atomic.Uint64
	last         atomic.Int64 // Unix milliseconds
}

// note counts one host call.
func (u *capabilityUses) note(e capability.Event) {
	key := useKey{e.Plugin, e.Capability.String()}
	found, ok := u.byName.Load(key)
	if !ok {
		found, _ = u.byName.LoadOrStore(key, &use{})
	}
	one, _ := found.(*use)
	if fault.Is(e.Err, fault.Denied) {
		one.denied.Add(1)
		return
	}
	one.uses.Add(1)
	one.last.Store(time.Now().UnixMilli())
}

// of returns what was counted of a plugin's capability.
func (u *capabilityUses) of(plugin, name string) (uses, denied uint64, last time.Time) {
	found, ok := u.byName.Load(useKey{plugin, name})
	if !ok {
		return 0, 0, time.Time{}
	}
	one, _ := found.(*use)
	if at := one.last.Load(); at > 0 {
		last = time.UnixMilli(at).UTC()
	}
	return one.uses.Load(), one.denied.Load(), last
}
