package job

import (
	"context"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Attempt is one run of a task that is under way.
type Attempt struct {
	Task  store.TaskRow
	tasks *Tasks
	claim store.TaskClaim
	end   context.CancelCauseFunc

	mu       sync.Mutex
	cancelAt time.Time
	timer    *time.Timer
}

type attemptKey struct{}

// AttemptOf returns the attempt that a call of a plugin belongs to, and
// whether there is one. Calls of other plugins below it carry it too: who asks
// compares Task.Installation.
func AttemptOf(ctx context.Context) (*Attempt, bool) {
	a, ok := ctx.Value(attemptKey{}).(*Attempt)
	return a, ok
}

// errCancelled is why the context of a cancelled task ends.
var errCancelled = fault.New(fault.Unavailable, "the task was cancelled")

// cancelled notes that the task is cancelled, and ends it at a moment.
func (a *Attempt) cancelled(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.IsZero() || !a.cancelAt.IsZero() {
		return
	}
	a.cancelAt = at
	a.timer = time.AfterFunc(at.Sub(a.tasks.config.Clock()), func() { a.end(errCancelled) })
}

// Cancelled reports whether somebody cancelled the task.
func (a *Attempt) Cancelled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.cancelAt.IsZero()
}

func (a *Attempt) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
}

// Note keeps a checkpoint and progress, and reports whether the task is
// cancelled. Faults: Invalid (too large), Conflict (another replica runs it).
func (a *Attempt) Note(ctx context.Context, n store.TaskNote) (bool, error) {
	switch {
	case len(n.Checkpoint) > MaxCheckpoint:
		return false, fault.New(fault.Invalid, "a checkpoint has at most %d bytes, not %d: keep the rest as a blob", MaxCheckpoint, len(n.Checkpoint))
	case n.Progress > 100 || len(n.Note) > MaxLine:
		return false, fault.New(fault.Invalid, "progress is at most 100, its note at most %d bytes", MaxLine)
	}
	at, err := a.tasks.config.Store.NoteTask(ctx, a.claim, n)
	if err != nil {
		return false, err
	}
	a.cancelled(at)
	return a.Cancelled(), nil
}

// Log adds lines to the task's log, and reports whether the task is cancelled.
// Faults: Invalid (too long), Conflict (another replica runs it).
func (a *Attempt) Log(ctx context.Context, lines []store.TaskLine) (bool, error) {
	for i := range lines {
		if len(lines[i].Message) > MaxLine {
			return false, fault.New(fault.Invalid, "a line of a task's log has at most %d bytes", MaxLine)
		}
		lines[i].At = a.tasks.config.Clock()
	}
	if err := a.tasks.config.Store.LogTask(ctx, a.claim, lines, a.tasks.config.Lines); err != nil {
		return false, err
	}
	return a.Cancelled(), nil
}
