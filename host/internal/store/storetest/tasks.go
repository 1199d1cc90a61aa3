package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func enqueue(t testing.TB, s store.Store, id string, change ...func(*store.TaskRow)) store.TaskRow {
	t.Helper()
	row := store.TaskRow{
		ID: id, Installation: "local/p", Plugin: "p", Queue: "q", Name: "build", Requester: []byte("{}"), Subject: "guest ada",
		Payload: []byte("in"), Priority: 2, MaxAttempts: 3, Timeout: time.Minute,
	}
	for _, f := range change {
		f(&row)
	}
	out, _, err := s.EnqueueTask(t.Context(), row, 0)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func claimTask(t testing.TB, s store.Store, id, owner string) store.TaskClaim {
	t.Helper()
	row, err := s.ClaimTask(t.Context(), id, owner, time.Minute, store.TaskSlots{})
	if err != nil {
		t.Fatal(err)
	}
	return store.TaskClaim{ID: id, Owner: owner, Attempt: row.Attempts}
}

func dueTasks(t testing.TB, s store.Store) []string {
	t.Helper()
	var out []string
	for _, d := range must[[]store.DueTask](t)(s.DueTasks(t.Context(), "", 100)) {
		out = append(out, d.ID)
	}
	return out
}

func getTask(t testing.TB, s store.Store, id string) store.TaskRow {
	t.Helper()
	return must[store.TaskRow](t)(s.GetTask(t.Context(), "local/p", id))
}

func noTask(t testing.TB, s store.Store, id string) {
	t.Helper()
	_, err := s.ClaimTask(t.Context(), id, "r9", time.Minute, store.TaskSlots{})
	wantFault(t, err, fault.NotFound)
}

func taskCases() []testCase {
	return []testCase{
		{"a task comes back as it went in", func(t *testing.T, s store.Store, clock *Clock) {
			in := enqueue(t, s, "t1", func(r *store.TaskRow) { r.UniqueKey, r.Blob = "u", "in.json" })
			same(t, "created", in.CreatedAt, clock.Now())
			same(t, "read", getTask(t, s, "t1"), in)
			_, err := s.GetTask(t.Context(), "local/other", "t1")
			wantFault(t, err, fault.NotFound)
		}},
		{"a unique key stands for one task", func(t *testing.T, s store.Store, _ *Clock) {
			unique := func(r *store.TaskRow) { r.UniqueKey = "u" }
			enqueue(t, s, "t1", unique)
			same(t, "the second", enqueue(t, s, "t2", unique).ID, "t1")
			same(t, "of another plugin", enqueue(t, s, "t3", unique, func(r *store.TaskRow) { r.Installation = "local/x" }).ID, "t3")
		}},
		{"a plugin has so many tasks", func(t *testing.T, s store.Store, _ *Clock) {
			enqueue(t, s, "t1")
			_, _, err := s.EnqueueTask(t.Context(), store.TaskRow{ID: "t2", Installation: "local/p"}, 1)
			wantFault(t, err, fault.Exhausted)
		}},
		{"a plugin keeps so many tasks that have ended", func(t *testing.T, s store.Store, clock *Clock) {
			waiting := enqueue(t, s, "waiting")
			for i := range 25 {
				id := fmt.Sprintf("t%02d", i)
				clock.Turn(time.Second)
				row := waiting
				row.ID = id
				if _, _, err := s.EnqueueTask(t.Context(), row, 2); err != nil {
					t.Fatal(err)
				}
				if _, err := s.CancelTask(t.Context(), "local/p", id, clock.Now(), clock.Now().Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.GetTask(t.Context(), "local/p", "t04")
			wantFault(t, err, fault.NotFound)
			getTask(t, s, "t05")
			same(t, "what has not ended", getTask(t, s, "waiting").ID, waiting.ID)
		}},
		{"an attempt is one replica's, until its lease is over", func(t *testing.T, s store.Store, clock *Clock) {
			enqueue(t, s, "t1")
			first := claimTask(t, s, "t1", "r1")
			noTask(t, s, "t1")
			if _, err := s.NoteTask(t.Context(), first, store.TaskNote{Checkpoint: []byte("half"), Progress: 50, Note: "halfway"}); err != nil {
				t.Fatal(err)
			}
			clock.Turn(40 * time.Second)
			if _, err := s.HoldTask(t.Context(), first, time.Minute); err != nil {
				t.Fatal(err)
			}
			clock.Turn(40 * time.Second)
			same(t, "due", len(dueTasks(t, s)), 0)
			clock.Turn(20 * time.Second)
			same(t, "due", dueTasks(t, s), []string{"t1"})
			second := claimTask(t, s, "t1", "r2")
			same(t, "attempt", second.Attempt, 2)
			row := getTask(t, s, "t1")
			same(t, "checkpoint", string(row.Checkpoint)+" "+row.Note+" "+fmt.Sprint(row.Progress), "half halfway 50")
			_, err := s.HoldTask(t.Context(), first, time.Minute)
			wantFault(t, err, fault.Conflict)
			_, err = s.NoteTask(t.Context(), first, store.TaskNote{Checkpoint: []byte("late"), Progress: -1})
			wantFault(t, err, fault.Conflict)
			wantFault(t, s.LogTask(t.Context(), first, []store.TaskLine{{Message: "late"}}, 10), fault.Conflict)
			wantFault(t, s.FinishTask(t.Context(), first, store.TaskEnd{State: store.TaskDone}), fault.Conflict)
			if _, err := s.NoteTask(t.Context(), second, store.TaskNote{Progress: -1}); err != nil {
				t.Fatal(err)
			}
			same(t, "checkpoint", string(getTask(t, s, "t1").Checkpoint), "half")
		}},
		{"it ends once, is kept, and goes", func(t *testing.T, s store.Store, clock *Clock) {
			enqueue(t, s, "t1")
			c := claimTask(t, s, "t1", "r1")
			retry := clock.Now().Add(time.Minute)
			if err := s.FinishTask(t.Context(), c, store.TaskEnd{State: store.TaskPending, RunAt: retry, Error: "try again"}); err != nil {
				t.Fatal(err)
			}
			noTask(t, s, "t1")
			same(t, "error", getTask(t, s, "t1").Error, "try again")
			clock.Turn(time.Minute)
			c = claimTask(t, s, "t1", "r1")
			keep := clock.Now().Add(time.Hour)
			if err := s.FinishTask(t.Context(), c, store.TaskEnd{State: store.TaskDone, Result: []byte("out"), KeepUntil: keep}); err != nil {
				t.Fatal(err)
			}
			row := getTask(t, s, "t1")
			same(t, "end", fmt.Sprint(row.State, string(row.Result), row.EndedAt, row.KeepUntil, row.Progress, row.Error),
				fmt.Sprint(store.TaskDone, "out", clock.Now(), keep, 100, ""))
			noTask(t, s, "t1")
			same(t, "swept", must[int](t)(s.SweepTasks(t.Context())), 0)
			clock.Turn(time.Hour)
			same(t, "swept", must[int](t)(s.SweepTasks(t.Context())), 1)
			_, err := s.GetTask(t.Context(), "local/p", "t1")
			wantFault(t, err, fault.NotFound)
		}},
		{"cancelling ends what waits, and tells what runs", func(t *testing.T, s store.Store, clock *Clock) {
			enqueue(t, s, "waits")
			enqueue(t, s, "runs")
			enqueue(t, s, "orphan")
			claimTask(t, s, "orphan", "r0")
			clock.Turn(time.Minute)
			c := claimTask(t, s, "runs", "r1")
			deadline, keep := clock.Now().Add(10*time.Second), clock.Now().Add(time.Hour)
			for _, id := range []string{"waits", "orphan"} {
				row := must[store.TaskRow](t)(s.CancelTask(t.Context(), "local/p", id, deadline, keep))
				same(t, id, row.State, store.TaskCancelled)
				noTask(t, s, id)
			}
			row := must[store.TaskRow](t)(s.CancelTask(t.Context(), "local/p", "runs", deadline, keep))
			same(t, "runs", row.State, store.TaskRunning)
			same(t, "told", must[time.Time](t)(s.HoldTask(t.Context(), c, time.Minute)), deadline)
			row = must[store.TaskRow](t)(s.CancelTask(t.Context(), "local/p", "runs", deadline.Add(time.Hour), keep))
			same(t, "the first deadline stays", row.CancelAt, deadline)
			_, err := s.CancelTask(t.Context(), "local/other", "runs", deadline, keep)
			wantFault(t, err, fault.NotFound)
		}},
		{"slots bound what runs at once", func(t *testing.T, s store.Store, _ *Clock) {
			other := func(r *store.TaskRow) { r.Queue = "other" }
			enqueue(t, s, "a1")
			enqueue(t, s, "a2")
			enqueue(t, s, "b1", other)
			enqueue(t, s, "b2", other)
			slots := store.TaskSlots{Plugin: 2, Queue: 1}
			must[store.TaskRow](t)(s.ClaimTask(t.Context(), "a1", "r1", time.Minute, slots))
			_, err := s.ClaimTask(t.Context(), "a2", "r2", time.Minute, slots)
			wantFault(t, err, fault.Exhausted)
			must[store.TaskRow](t)(s.ClaimTask(t.Context(), "b1", "r2", time.Minute, slots))
			slots.Queue = 2
			_, err = s.ClaimTask(t.Context(), "b2", "r2", time.Minute, slots)
			wantFault(t, err, fault.Exhausted)
		}},
		{"many replicas never exceed the slots, nor share an attempt", func(t *testing.T, s store.Store, _ *Clock) {
			for i := range 6 {
				enqueue(t, s, fmt.Sprint("t", i))
			}
			var mu sync.Mutex
			claimed := map[string]int{}
			var all sync.WaitGroup
			for r := range 6 {
				all.Go(func() {
					for i := range 6 {
						id := fmt.Sprint("t", (i+r)%6)
						if _, err := s.ClaimTask(t.Context(), id, fmt.Sprint("r", r), time.Minute, store.TaskSlots{Plugin: 3}); err == nil {
							mu.Lock()
							claimed[id]++
							mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			same(t, "tasks that run", len(claimed), 3)
			for id, n := range claimed {
				same(t, id, n, 1)
			}
		}},
		{"due by priority, then by time; paused plugins wait", func(t *testing.T, s store.Store, clock *Clock) {
			enqueue(t, s, "low", func(r *store.TaskRow) { r.Priority = 4 })
			enqueue(t, s, "later", func(r *store.TaskRow) { r.RunAt = clock.Now().Add(time.Hour) })
			clock.Turn(time.Second)
			enqueue(t, s, "second")
			enqueue(t, s, "first", func(r *store.TaskRow) { r.Priority = 1 })
			same(t, "due", dueTasks(t, s), []string{"first", "second", "low"})
			if err := s.ActivateTasks(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			same(t, "due when paused", len(dueTasks(t, s)), 0)
			noTask(t, s, "first")
			if err := s.ActivateTasks(t.Context(), []string{"local/p"}); err != nil {
				t.Fatal(err)
			}
			clock.Turn(time.Hour)
			same(t, "due", dueTasks(t, s), []string{"first", "second", "later", "low"})
		}},
		{"tasks of plugins that do not run wait", func(t *testing.T, s store.Store, _ *Clock) {
			enqueue(t, s, "p1")
			enqueue(t, s, "q1", func(r *store.TaskRow) { r.Installation = "local/q" })
			for _, active := range []string{"p", "q", "p"} {
				if err := s.ActivateTasks(t.Context(), []string{"local/" + active, "local/never"}); err != nil {
					t.Fatal(err)
				}
				same(t, "due", dueTasks(t, s), []string{active + "1"})
			}
		}},
		{"the log is numbered and bounded", func(t *testing.T, s store.Store, clock *Clock) {
			enqueue(t, s, "t1")
			c := claimTask(t, s, "t1", "r1")
			for i := range 3 {
				line := store.TaskLine{At: clock.Now(), Level: "info", Message: fmt.Sprint("line ", i, "\x00")}
				if err := s.LogTask(t.Context(), c, []store.TaskLine{line, line}, 4); err != nil {
					t.Fatal(err)
				}
			}
			lines := must[[]store.TaskLine](t)(s.TaskLog(t.Context(), "t1", 0, 10))
			if len(lines) != 4 || lines[0].Seq != 3 || lines[3].Seq != 6 || lines[3].Message != "line 2\uFFFD" || lines[0].At != clock.Now() {
				t.Errorf("lines: %+v", lines)
			}
			same(t, "after", len(must[[]store.TaskLine](t)(s.TaskLog(t.Context(), "t1", 5, 10))), 1)
		}},
		{"lists are paged, newest first, and filtered", func(t *testing.T, s store.Store, clock *Clock) {
			for i := range 4 {
				enqueue(t, s, fmt.Sprint("t", i), func(r *store.TaskRow) { r.Queue, r.Subject = fmt.Sprint("q", i%2), fmt.Sprint("s", i/2) })
				clock.Turn(time.Second)
			}
			list := func(f store.TaskFilter) (ids []string) {
				f.Installation = "local/p"
				for _, row := range must[[]store.TaskRow](t)(s.ListTasks(t.Context(), f)) {
					ids = append(ids, row.ID)
				}
				return ids
			}
			same(t, "first page", list(store.TaskFilter{Limit: 2}), []string{"t3", "t2"})
			same(t, "second page", list(store.TaskFilter{Limit: 3, Before: "t2"}), []string{"t1", "t0"})
			same(t, "queue", list(store.TaskFilter{Limit: 9, Queue: "q1"}), []string{"t3", "t1"})
			same(t, "subject", list(store.TaskFilter{Limit: 9, Subject: "s0"}), []string{"t1", "t0"})
			claimTask(t, s, "t2", "r1")
			same(t, "state", list(store.TaskFilter{Limit: 9, State: store.TaskRunning}), []string{"t2"})
		}},
		{"a purged installation leaves no event, schedule or task", purged},
	}
}

func purged(t *testing.T, s store.Store, clock *Clock) {
	row, err := s.SaveInstallation(t.Context(), store.InstallationRow{ID: "local/p", Publisher: "local", Plugin: "p"}, store.PluginEvent{Plugin: "p"})
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, s, "t1")
	saveSchedules(t, s, schedule(clock, "a", time.Hour, 0))
	subscribe(t, s, "local/p", "r1", "pub/*")
	publish(t, s, "pub/a 1")
	admit(t, s, "local/p", "r1")
	if err := s.PurgeInstallation(t.Context(), "local/p", row.Revision, store.PluginEvent{Plugin: "p"}); err != nil {
		t.Fatal(err)
	}
	same(t, "tasks", len(must[[]store.TaskRow](t)(s.ListTasks(t.Context(), store.TaskFilter{Limit: 9}))), 0)
	same(t, "schedules", len(must[[]store.ScheduleRow](t)(s.ListSchedules(t.Context(), ""))), 0)
	same(t, "subscriptions", len(must[[]store.SubscriptionRow](t)(s.ListSubscriptions(t.Context()))), 0)
	same(t, "deliveries", len(due(t, s, "local/p")), 0)
}
