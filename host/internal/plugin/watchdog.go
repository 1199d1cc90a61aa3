package plugin

import (
	"bytes"
	"runtime"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// maxStacks bounds what the watchdog logs.
const maxStacks = 64 << 10

// sweep closes what has been idle and fails a plugin whose call has outlived
// its deadline by far: whatever holds it up is not stoppable by a context, so
// nobody else should get stuck in it. It returns what the instances hold.
func (v *version) sweep(now time.Time) (memory uint64) {
	v.mu.Lock()
	p := v.pool
	v.mu.Unlock()
	if p == nil {
		return 0
	}
	p.shrink(false)
	for _, op := range p.overdue(now, watchdogGrace) {
		stacks := insideStacks()
		v.mu.Lock()
		if !v.ended() {
			v.breaker.open(now)
			v.stack = stacks
			err := fault.New(fault.Timeout, "%s has outlived its deadline by more than %v and cannot be stopped", op, watchdogGrace)
			v.fail(err, true)
		}
		v.mu.Unlock()
	}
	return p.event().MemoryBytes
}

// insideStacks returns the stacks of the goroutines that are inside of a guest.
func insideStacks() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var out []byte
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("plugin.(*Registry).handle")) && len(out)+len(stack) <= maxStacks {
			out = append(append(out, stack...), "\n\n"...)
		}
	}
	return string(out)
}
