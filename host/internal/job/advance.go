package job

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Start runs tasks until Close.
func (t *Tasks) Start(ctx context.Context) error {
	if err := t.config.Carrier.Start(ctx, t.Advance); err != nil {
		return fmt.Errorf("starting tasks: %w", err)
	}
	ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
	t.ended = make(chan struct{})
	go t.loop(ctx)
	return nil
}

// Close gives back what runs: another replica goes on from its last
// checkpoint, and the attempt does not count. It waits until ctx ends.
func (t *Tasks) Close(ctx context.Context) error {
	if t.stop == nil {
		return nil
	}
	t.stop()
	<-t.ended
	t.mu.Lock()
	t.closing = true
	for _, a := range t.running {
		a.end(errClosing)
	}
	t.mu.Unlock()
	return t.config.Carrier.Close(ctx)
}

var errClosing = fault.New(fault.Unavailable, "the replica that ran the task ends")

func (t *Tasks) loop(ctx context.Context) {
	defer close(t.ended)
	poll, sweep := time.NewTicker(t.config.Poll), time.NewTicker(sweepEvery)
	defer poll.Stop()
	defer sweep.Stop()
	for {
		t.report(ctx, "looking for tasks", t.Round(ctx))
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-sweep.C:
			_, err := t.config.Store.SweepTasks(ctx)
			t.report(ctx, "removing old tasks", err)
		}
	}
}

const (
	// perRound bounds what one round sends.
	perRound = 100
	// sendAgain is how long an errand has to have its effect. One that waits
	// for a slot is sent again in vain, which costs one look at its row.
	sendAgain = 10 * time.Second
)

// Round sends what is due and was not sent lately: tasks whose time has come,
// whose replica vanished, or whose errand was lost.
func (t *Tasks) Round(ctx context.Context) error {
	due, err := t.config.Store.DueTasks(ctx, "", perRound)
	if err != nil || len(due) == 0 {
		return err
	}
	if err := t.config.Lead(ctx); err != nil {
		return ignoreConflict(err)
	}
	for _, d := range t.unsent(due) {
		t.send(ctx, d)
	}
	return nil
}

func (t *Tasks) unsent(due []store.DueTask) []store.DueTask {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Clock()
	var out []store.DueTask
	for _, d := range due {
		if at, ok := t.sent[d.ID]; ok && now.Sub(at) < sendAgain {
			continue
		}
		t.sent[d.ID] = now
		out = append(out, d)
	}
	for id, at := range t.sent {
		if now.Sub(at) >= sendAgain {
			delete(t.sent, id)
		}
	}
	return out
}

func ignoreConflict(err error) error {
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// Advance runs one attempt of a task, if it is due and a slot is free.
func (t *Tasks) Advance(ctx context.Context, id string) {
	row, err := t.config.Store.ClaimTask(ctx, id, t.config.Owner, t.config.Lease, t.config.Slots)
	if err != nil {
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Exhausted) {
			t.report(ctx, "claiming task "+id, err)
		}
		return
	}
	attempt := &Attempt{Task: row, tasks: t, claim: store.TaskClaim{ID: id, Owner: t.config.Owner, Attempt: row.Attempts}}
	end := t.run(ctx, attempt)
	// The row is written also when this replica ends: nobody shall wait for the lease.
	ctx = context.WithoutCancel(ctx)
	if err := t.config.Store.FinishTask(ctx, attempt.claim, end); err != nil {
		t.report(ctx, "ending task "+id, err)
		return
	}
	if end.State == store.TaskFailed {
		t.config.Audit(ctx, Record{Action: "task.failed", Plugin: row.Plugin, Object: id, Message: end.Error})
	}
	t.follow(ctx, row.Installation)
}

// follow sends what waited for the slot that is free now.
func (t *Tasks) follow(ctx context.Context, installation string) {
	t.mu.Lock()
	closing := t.closing
	t.mu.Unlock()
	if closing {
		return
	}
	due, err := t.config.Store.DueTasks(ctx, installation, 1)
	t.report(ctx, "looking for the next task", err)
	for _, d := range due {
		t.send(ctx, d)
	}
}

// run calls the plugin and decides what its answer means.
func (t *Tasks) run(ctx context.Context, a *Attempt) store.TaskEnd {
	if a.Task.Attempts > a.Task.MaxAttempts {
		return t.final(store.TaskFailed, fmt.Sprintf("the replicas that ran it vanished, %d times", a.Task.MaxAttempts))
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, attemptKey{}, a))
	defer cancel(nil)
	a.end = cancel
	t.mu.Lock()
	if t.closing {
		cancel(errClosing)
	}
	t.running[a.Task.ID] = a
	t.mu.Unlock()
	defer func() {
		a.close()
		t.mu.Lock()
		delete(t.running, a.Task.ID)
		t.mu.Unlock()
	}()
	a.cancelled(a.Task.CancelAt) // before the replica that ran it vanished
	result, err := t.call(ctx, a)
	return t.end(ctx, a, result, err)
}

func (t *Tasks) call(ctx context.Context, a *Attempt) (result []byte, err error) {
	var who Requester
	if err := json.Unmarshal(a.Task.Requester, &who); err != nil {
		return nil, fault.New(fault.Invalid, "the requester of the task cannot be read: %w", err)
	}
	authority, own, err := t.config.Authorize(ctx, a.Task.Plugin, who)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Task.Timeout)
	defer cancel()
	err = holding(ctx, t.config.Beat, func(ctx context.Context) error {
		at, err := t.config.Store.HoldTask(ctx, a.claim, t.config.Lease)
		if err == nil {
			a.cancelled(at)
		}
		return err
	}, func(ctx context.Context) (err error) {
		result, err = t.config.Run(ctx, a, authority, own)
		return err
	})
	if err == nil && len(result) > MaxResult {
		err = fault.New(fault.Invalid, "the result has %d bytes and may have %d: keep it as a blob and answer its key", len(result), MaxResult)
	}
	return result, err
}

func (t *Tasks) end(ctx context.Context, a *Attempt, result []byte, err error) store.TaskEnd {
	now := t.config.Clock()
	switch {
	case err == nil:
		end := t.final(store.TaskDone, "")
		end.Result = result
		return end
	case a.Cancelled():
		return t.final(store.TaskCancelled, reason(err))
	case ctx.Err() != nil: // this replica ends
		return store.TaskEnd{State: store.TaskPending, RunAt: now, Error: a.Task.Error, Refund: true}
	case permanent(err) || a.Task.Attempts >= a.Task.MaxAttempts:
		return t.final(store.TaskFailed, reason(err))
	}
	return store.TaskEnd{State: store.TaskPending, RunAt: now.Add(t.backoff(a.Task.Attempts)), Error: reason(err)}
}

func (t *Tasks) final(state store.TaskState, message string) store.TaskEnd {
	now := t.config.Clock()
	return store.TaskEnd{State: state, RunAt: now, Error: message, KeepUntil: now.Add(t.config.Keep)}
}

// permanent reports whether another attempt would end the same way.
func permanent(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Denied, fault.Unauthenticated, fault.NotFound, fault.Conflict:
		return true
	}
	return false
}

func (t *Tasks) backoff(attempts int) time.Duration {
	d := t.config.Backoff << min(attempts-1, 30)
	if d <= 0 || d > t.config.Longest {
		d = t.config.Longest
	}
	return d - time.Duration(t.config.Random()*float64(d)/4)
}

func (t *Tasks) report(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Conflict) {
		t.config.Log.WarnContext(ctx, doing+" failed; it is tried again", "error", err)
	}
}
