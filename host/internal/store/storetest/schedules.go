package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func schedule(clock *Clock, id string, every, in time.Duration) store.ScheduleRow {
	return store.ScheduleRow{Plugin: "p", ID: id, Every: every, Enabled: true, NextAt: clock.Now().Add(in)}
}

func saveSchedules(t testing.TB, s store.Store, list ...store.ScheduleRow) {
	t.Helper()
	if err := s.SaveSchedules(t.Context(), "local/p", list); err != nil {
		t.Fatal(err)
	}
}

func claimSchedule(t testing.TB, s store.Store, owner, run string) (store.ScheduleRow, store.ScheduleRun) {
	t.Helper()
	row, begun, err := s.ClaimSchedule(t.Context(), owner, run, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return row, begun
}

func noSchedule(t testing.TB, s store.Store) {
	t.Helper()
	_, _, err := s.ClaimSchedule(t.Context(), "r9", "run-9", time.Minute)
	wantFault(t, err, fault.NotFound)
}

func scheduleCases() []testCase {
	return []testCase{
		{"what is due longest is run first, by one", func(t *testing.T, s store.Store, clock *Clock) {
			saveSchedules(t, s, schedule(clock, "late", time.Hour, -time.Minute), schedule(clock, "later", time.Hour, -time.Hour), schedule(clock, "soon", time.Hour, time.Minute))
			first, run := claimSchedule(t, s, "r1", "run-1")
			same(t, "first", first.ID+" "+run.Trigger, "later schedule")
			second, _ := claimSchedule(t, s, "r2", "run-2")
			same(t, "second", second.ID, "late")
			noSchedule(t, s)
			next := clock.Now().Add(time.Hour)
			if err := s.FinishSchedule(t.Context(), "run-1", "r1", store.ScheduleEnd{Outcome: "done", NextAt: next}); err != nil {
				t.Fatal(err)
			}
			noSchedule(t, s)
			clock.Turn(time.Hour)
			soon, _ := claimSchedule(t, s, "r1", "run-3")
			same(t, "third: the second's runner is gone by now", soon.ID, "late")
			runs := must[[]store.ScheduleRun](t)(s.ScheduleRuns(t.Context(), "local/p", "late", 10))
			if len(runs) != 2 || runs[0].Trigger != "takeover" || runs[0].Outcome != "running" || runs[1].Outcome != "lost" || runs[1].EndedAt.IsZero() {
				t.Errorf("history: %+v", runs)
			}
		}},
		{"who lost a run can neither hold nor end it", func(t *testing.T, s store.Store, clock *Clock) {
			saveSchedules(t, s, schedule(clock, "a", time.Hour, 0))
			claimSchedule(t, s, "r1", "run-1")
			clock.Turn(30 * time.Second)
			if err := s.HoldSchedule(t.Context(), "run-1", "r1", time.Minute); err != nil {
				t.Fatal(err)
			}
			clock.Turn(45 * time.Second)
			noSchedule(t, s)
			clock.Turn(15 * time.Second)
			claimSchedule(t, s, "r2", "run-2")
			wantFault(t, s.HoldSchedule(t.Context(), "run-1", "r1", time.Minute), fault.Conflict)
			wantFault(t, s.FinishSchedule(t.Context(), "run-1", "r1", store.ScheduleEnd{Outcome: "done"}), fault.Conflict)
		}},
		{"saving keeps the time of what stays and drops what goes", func(t *testing.T, s store.Store, clock *Clock) {
			saveSchedules(t, s, schedule(clock, "stays", time.Hour, time.Minute), schedule(clock, "changes", time.Hour, time.Minute), schedule(clock, "goes", time.Hour, time.Minute))
			at := clock.Now()
			clock.Turn(10 * time.Second)
			saveSchedules(t, s, schedule(clock, "stays", time.Hour, 5*time.Minute), schedule(clock, "changes", 2*time.Hour, 5*time.Minute))
			rows := must[[]store.ScheduleRow](t)(s.ListSchedules(t.Context(), "local/p"))
			if len(rows) != 2 {
				t.Fatalf("%d schedules", len(rows))
			}
			same(t, "changes", rows[0].NextAt, clock.Now().Add(5*time.Minute))
			same(t, "changes", rows[0].Every, 2*time.Hour)
			same(t, "stays", rows[1].NextAt, at.Add(time.Minute))
			same(t, "another installation", len(must[[]store.ScheduleRow](t)(s.ListSchedules(t.Context(), "local/q"))), 0)
		}},
		{"paused schedules wait", func(t *testing.T, s store.Store, clock *Clock) {
			saveSchedules(t, s, schedule(clock, "a", time.Hour, 0))
			for _, enabled := range []bool{false, true} {
				if err := s.EnableSchedules(t.Context(), "local/p", enabled); err != nil {
					t.Fatal(err)
				}
				if !enabled {
					noSchedule(t, s)
					wantFault(t, s.ForceSchedule(t.Context(), "local/p", "a"), fault.Conflict)
				}
			}
			claimSchedule(t, s, "r1", "run-1")
		}},
		{"run now, but not twice at once", func(t *testing.T, s store.Store, clock *Clock) {
			saveSchedules(t, s, schedule(clock, "a", time.Hour, time.Hour))
			noSchedule(t, s)
			wantFault(t, s.ForceSchedule(t.Context(), "local/p", "b"), fault.NotFound)
			if err := s.ForceSchedule(t.Context(), "local/p", "a"); err != nil {
				t.Fatal(err)
			}
			_, run := claimSchedule(t, s, "r1", "run-1")
			same(t, "trigger", run.Trigger, "manual")
			wantFault(t, s.ForceSchedule(t.Context(), "local/p", "a"), fault.Conflict)
			if err := s.FinishSchedule(t.Context(), "run-1", "r1", store.ScheduleEnd{Outcome: "failed", Error: "no", NextAt: clock.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			same(t, "forced", must[[]store.ScheduleRow](t)(s.ListSchedules(t.Context(), ""))[0].Forced, false)
			clock.Turn(time.Second)
			same(t, "swept", must[int](t)(s.SweepScheduleRuns(t.Context(), clock.Now())), 1)
		}},
		{"of many who claim at once each run has one", func(t *testing.T, s store.Store, clock *Clock) {
			saveSchedules(t, s, schedule(clock, "a", time.Hour, 0), schedule(clock, "b", time.Hour, 0), schedule(clock, "c", time.Hour, 0))
			var mu sync.Mutex
			got := map[string]int{}
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for n := range 3 {
						row, _, err := s.ClaimSchedule(t.Context(), fmt.Sprint("r", i), fmt.Sprintf("run-%d-%d", i, n), time.Minute)
						if err != nil {
							if !fault.Is(err, fault.NotFound) {
								t.Error(err)
							}
							continue
						}
						mu.Lock()
						got[row.ID]++
						mu.Unlock()
					}
				})
			}
			all.Wait()
			same(t, "runs", got, map[string]int{"a": 1, "b": 1, "c": 1})
		}},
	}
}
