package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/storetest"
)

type scheduleRig struct {
	t         *testing.T
	clock     *storetest.Clock
	db        store.Store
	schedules *job.Schedules
	runs      []string
	run       func(ctx context.Context) error
	audit     []job.Record
}

func newScheduleRig(t *testing.T) *scheduleRig {
	t.Helper()
	r := &scheduleRig{t: t, clock: storetest.NewClock()}
	r.db = openSQLite(t, r.clock.Now)
	r.schedules = r.replica("r1", r.db)
	return r
}

func (r *scheduleRig) replica(owner string, db store.Schedules) *job.Schedules {
	ids := 0
	return job.NewSchedules(job.ScheduleConfig{
		Store: db, Owner: owner, Clock: r.clock.Now, Random: func() float64 { return 0.5 },
		ID:    func() string { ids++; return fmt.Sprintf("%s-%d", owner, ids) },
		Audit: func(_ context.Context, rec job.Record) { r.audit = append(r.audit, rec) },
		Run: func(ctx context.Context, s store.ScheduleRow, run store.ScheduleRun) error {
			r.runs = append(r.runs, s.ID+" "+run.Trigger)
			if r.run == nil {
				return nil
			}
			return r.run(ctx)
		},
	})
}

func (r *scheduleRig) sync(enabled bool, list ...store.ScheduleRow) {
	r.t.Helper()
	if err := r.schedules.Sync(r.t.Context(), "local/p", "p", enabled, list); err != nil {
		r.t.Fatal(err)
	}
}

func (r *scheduleRig) step(s *job.Schedules, want bool) {
	r.t.Helper()
	if ran, err := s.Step(r.t.Context()); ran != want || err != nil {
		r.t.Fatalf("Step = %v, %v; want %v", ran, err, want)
	}
}

func (r *scheduleRig) nextAt(id string) time.Time {
	r.t.Helper()
	list, err := r.schedules.List(r.t.Context(), "local/p")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range list {
		if s.ID == id {
			return s.NextAt
		}
	}
	r.t.Fatalf("no schedule %s", id)
	return time.Time{}
}

func TestAnIntervalRunsWithItsJitter(t *testing.T) {
	r := newScheduleRig(t)
	r.sync(true, store.ScheduleRow{ID: "a", Every: 100 * time.Second})
	r.step(r.schedules, false)
	r.clock.Turn(105 * time.Second) // half of a tenth later
	r.step(r.schedules, true)
	if want := r.clock.Now().Add(105 * time.Second); !r.nextAt("a").Equal(want) {
		t.Errorf("next at %s, want %s", r.nextAt("a"), want)
	}
}

func TestACronExpressionRunsInUTC(t *testing.T) {
	r := newScheduleRig(t) // 05:06:07
	r.sync(true, store.ScheduleRow{ID: "nightly", Cron: "30 2 * * *"})
	if want := time.Date(2026, 3, 5, 2, 30, 0, 0, time.UTC); !r.nextAt("nightly").Equal(want) {
		t.Errorf("next at %s, want %s", r.nextAt("nightly"), want)
	}
}

// A portal that was down for a day catches up once, not once an hour of it.
func TestMissedRunsRunOnce(t *testing.T) {
	r := newScheduleRig(t)
	r.sync(true, store.ScheduleRow{ID: "hourly", Cron: "0 * * * *"})
	r.clock.Turn(24 * time.Hour)
	r.step(r.schedules, true)
	r.step(r.schedules, false)
	if want := time.Date(2026, 3, 5, 6, 0, 0, 0, time.UTC); !r.nextAt("hourly").Equal(want) {
		t.Errorf("next at %s, want %s", r.nextAt("hourly"), want)
	}
}

func TestARunThatTakesLongerThanTheIntervalIsNotOverlapped(t *testing.T) {
	r := newScheduleRig(t)
	other := r.replica("r2", r.db)
	r.sync(true, store.ScheduleRow{ID: "a", Every: 10 * time.Second})
	r.clock.Turn(time.Minute)
	r.run = func(context.Context) error {
		r.clock.Turn(29 * time.Second) // two more are due by now, the lease is not over
		r.step(other, false)
		return nil
	}
	r.step(r.schedules, true)
	r.run = nil
	r.step(other, false)
	r.clock.Turn(11 * time.Second)
	r.step(other, true)
}

func TestAnotherReplicaRunsWhatAVanishedOneBegan(t *testing.T) {
	r := newScheduleRig(t)
	r.sync(true, store.ScheduleRow{ID: "a", Every: time.Hour})
	r.clock.Turn(2 * time.Hour)
	gone := r.replica("gone", killed{r.db})
	r.step(gone, true)
	r.step(r.schedules, false)
	r.clock.Turn(30 * time.Second)
	r.step(r.schedules, true)
	if strings.Join(r.runs, ", ") != "a schedule, a takeover" {
		t.Errorf("runs: %v", r.runs)
	}
	runs, err := r.schedules.Runs(t.Context(), "local/p", "a", 10)
	if err != nil || len(runs) != 2 || runs[0].Outcome != "done" || runs[1].Outcome != "lost" {
		t.Errorf("history: %+v, %v", runs, err)
	}
}

// killed is the store of a process that ends nothing.
type killed struct{ store.Store }

func (killed) FinishSchedule(context.Context, string, string, store.ScheduleEnd) error {
	return errors.New("killed")
}

func TestAFailedRunIsInTheHistoryAndInTheAudit(t *testing.T) {
	for kind, outcome := range map[fault.Kind]string{fault.Timeout: "timeout", fault.Internal: "failed"} {
		r := newScheduleRig(t)
		r.sync(true, store.ScheduleRow{ID: "a", Every: time.Hour})
		r.clock.Turn(2 * time.Hour)
		r.run = func(context.Context) error { return fault.New(kind, "broken") }
		r.step(r.schedules, true)
		runs, _ := r.schedules.Runs(t.Context(), "local/p", "", 10)
		if len(runs) != 1 || runs[0].Outcome != outcome || !strings.Contains(runs[0].Error, "broken") {
			t.Errorf("history: %+v", runs)
		}
		if len(r.audit) != 1 || r.audit[0].Action != "schedule.failed" {
			t.Errorf("audit: %+v", r.audit)
		}
	}
}

func TestADisabledPluginsSchedulesArePaused(t *testing.T) {
	r := newScheduleRig(t)
	r.sync(false, store.ScheduleRow{ID: "a", Every: time.Hour})
	r.clock.Turn(2 * time.Hour)
	r.step(r.schedules, false)
	r.sync(true, store.ScheduleRow{ID: "a", Every: time.Hour})
	r.step(r.schedules, true) // the run that was missed
}

func TestRunNow(t *testing.T) {
	r := newScheduleRig(t)
	r.sync(true, store.ScheduleRow{ID: "a", Every: time.Hour})
	if err := r.schedules.Force(t.Context(), "local/p", "p", "a", "user:default/op"); err != nil {
		t.Fatal(err)
	}
	r.step(r.schedules, true)
	if r.runs[0] != "a manual" || r.audit[0].Subject != "user:default/op" {
		t.Errorf("runs %v, audit %+v", r.runs, r.audit)
	}
	if err := r.schedules.Force(t.Context(), "local/q", "q", "a", ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("another plugin's schedule: %v", err)
	}
}

func TestSchedulesAreChecked(t *testing.T) {
	for name, s := range map[string]store.ScheduleRow{
		"neither":               {ID: "a"},
		"both":                  {ID: "a", Every: time.Hour, Cron: "0 * * * *"},
		"all the time":          {ID: "a", Every: time.Second},
		"six fields":            {ID: "a", Cron: "0 0 * * * *"},
		"a word":                {ID: "a", Cron: "@hourly"},
		"a zone":                {ID: "a", Cron: "TZ=Mars 0 * * * *"},
		"a zone and no more":    {ID: "a", Cron: "CRON_TZ=x"},
		"a minute of 60":        {ID: "a", Cron: "60 * * * *"},
		"a date that never is":  {ID: "a", Cron: "0 0 31 2 *"},
		"an expression too big": {ID: "a", Cron: strings.Repeat("1,", 200) + "1 * * * *"},
	} {
		if err := job.CheckSchedule(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := newScheduleRig(t)
	many := make([]store.ScheduleRow, 51)
	for i := range many {
		many[i] = store.ScheduleRow{ID: fmt.Sprint("s", i), Every: time.Hour}
	}
	if err := r.schedules.Sync(t.Context(), "local/p", "p", true, many); !fault.Is(err, fault.Exhausted) {
		t.Errorf("51 schedules: %v", err)
	}
}

func FuzzCron(f *testing.F) {
	for _, seed := range []string{"0 * * * *", "*/5 1-3 * JAN mon", "TZ=", "@every 1s", "0 0 31 2 *", "- - - - -", "1/0 * * * *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		err := job.CheckSchedule(store.ScheduleRow{ID: "x", Cron: expression})
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", expression, err)
		}
	})
}
