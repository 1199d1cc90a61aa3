package job_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/testpg"
)

// victimDSN makes the test binary a replica that is there to be killed.
const victimDSN = "CALLBOARD_TEST_VICTIM_DSN"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(victimDSN); dsn != "" {
		if err := victim(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(testpg.Run(m))
}

const shortLease = 2 * time.Second

// process is a whole replica: tasks carried by River, and schedules.
type process struct {
	tasks     *job.Tasks
	schedules *job.Schedules
}

func startProcess(ctx context.Context, db *postgres.Store, owner string, run func(ctx context.Context, a *job.Attempt) ([]byte, error), scheduled func(ctx context.Context, r store.ScheduleRun) error) (process, error) {
	n := 0
	var mu sync.Mutex
	id := func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("%s-%d", owner, n)
	}
	half := func() float64 { return 0 }
	p := process{
		tasks: job.NewTasks(job.TaskConfig{
			Store: db, Carrier: job.NewRiver(db.JobDriver(), riverConfig(db, owner)), Owner: owner, Clock: time.Now, Random: half, ID: id,
			Lease: shortLease, Beat: shortLease / 8, Poll: 20 * time.Millisecond, Slots: store.TaskSlots{Plugin: 3, Queue: 3},
			Lead: func(ctx context.Context) error { return db.AcquireLease(ctx, "tasks", owner, time.Second) },
			Authorize: func(_ context.Context, _ string, r job.Requester) (principal.Authority, bool, error) {
				return principal.Guest(r.Ref), r.Own, nil
			},
			Run: func(ctx context.Context, a *job.Attempt, _ principal.Authority, _ bool) ([]byte, error) {
				return run(ctx, a)
			},
		}),
		schedules: job.NewSchedules(job.ScheduleConfig{
			Store: db, Owner: owner, Clock: time.Now, Random: half, ID: id, Lease: shortLease, Poll: 20 * time.Millisecond,
			Run: func(ctx context.Context, _ store.ScheduleRow, r store.ScheduleRun) error { return scheduled(ctx, r) },
		}),
	}
	p.schedules.Start(ctx)
	return p, p.tasks.Start(ctx)
}

// victim begins a task and a scheduled run, says so, and never ends them.
func victim(dsn string) error {
	ctx := context.Background()
	db, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
	if err != nil {
		return err
	}
	_, err = startProcess(ctx, db, "victim", func(ctx context.Context, a *job.Attempt) ([]byte, error) {
		if _, err := a.Note(ctx, store.TaskNote{Checkpoint: []byte("half"), Progress: 50}); err != nil {
			return nil, err
		}
		fmt.Println("task")
		select {}
	}, func(context.Context, store.ScheduleRun) error {
		fmt.Println("schedule")
		select {}
	})
	if err != nil {
		return err
	}
	select {}
}

// A process that is killed in the middle of a task and of a scheduled run
// holds them up for no longer than its leases; the task goes on from its last
// checkpoint.
func TestAKilledProcessLosesNothing(t *testing.T) {
	dsn := testpg.DSN(t)
	db := openPostgres(t, dsn, time.Now)
	row, _, err := db.EnqueueTask(t.Context(), store.TaskRow{
		ID: "t1", Installation: "local/p", Plugin: "p", Queue: "q", Name: "build", Requester: []byte(`{"kind":"user"}`), Priority: 2, MaxAttempts: 3, Timeout: time.Hour,
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.SaveSchedules(t.Context(), "local/p", []store.ScheduleRow{{Plugin: "p", ID: "a", Every: time.Hour, Enabled: true, NextAt: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0]) //nolint:gosec // this very program
	child.Env = append(os.Environ(), victimDSN+"="+dsn)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() {
			t.Fatal("the process ended before it began both")
		}
	}
	if err := child.Process.Kill(); err != nil { // SIGKILL: it ends nothing
		t.Fatal(err)
	}
	_ = child.Wait() // its error is that it was killed
	if held, err := db.GetTask(t.Context(), "local/p", row.ID); err != nil || held.State != store.TaskRunning || held.Owner != "victim" {
		t.Fatalf("after the kill: %+v, %v", held, err)
	}
	var mu sync.Mutex
	var checkpoints, triggers []string
	p, err := startProcess(t.Context(), db, "heir", func(_ context.Context, a *job.Attempt) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		checkpoints = append(checkpoints, fmt.Sprintf("%s %d", a.Task.Checkpoint, a.Task.Attempts))
		return []byte("whole"), nil
	}, func(_ context.Context, r store.ScheduleRun) error {
		mu.Lock()
		defer mu.Unlock()
		triggers = append(triggers, r.Trigger)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.schedules.Close(); _ = p.tasks.Close(context.Background()) })
	until(t, func() bool {
		task, err := db.GetTask(t.Context(), "local/p", row.ID)
		runs, err2 := db.ScheduleRuns(t.Context(), "local/p", "a", 10)
		return err == nil && err2 == nil && task.State == store.TaskDone && len(runs) == 2 && runs[0].Outcome == "done" && runs[1].Outcome == "lost"
	})
	mu.Lock()
	defer mu.Unlock()
	if len(checkpoints) != 1 || checkpoints[0] != "half 2" {
		t.Errorf("attempts after the kill: %v", checkpoints)
	}
	if len(triggers) != 1 || triggers[0] != "takeover" {
		t.Errorf("runs after the kill: %v", triggers)
	}
}

// Two replicas share a queue: every task is done once, on both of them, and
// never more at once than the slots allow.
func TestTwoReplicasShareTasks(t *testing.T) {
	dsn := testpg.DSN(t)
	const tasks = 40
	var mu sync.Mutex
	ran := map[string]int{}
	now, most := 0, 0
	var processes []process
	for i := range 2 {
		p, err := startProcess(t.Context(), openPostgres(t, dsn, time.Now), fmt.Sprint("r", i), func(_ context.Context, a *job.Attempt) ([]byte, error) {
			mu.Lock()
			ran[a.Task.ID]++
			now++
			most = max(most, now)
			mu.Unlock()
			defer func() { mu.Lock(); now--; mu.Unlock() }()
			return nil, nil
		}, func(context.Context, store.ScheduleRun) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.schedules.Close(); _ = p.tasks.Close(context.Background()) })
		processes = append(processes, p)
	}
	for i := range tasks {
		if _, _, err := processes[i%2].tasks.Enqueue(t.Context(), job.Order{Installation: "local/p", Plugin: "p", Requester: ada(), Queue: "q", Name: "build"}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, func() bool {
		done, err := processes[0].tasks.List(t.Context(), store.TaskFilter{Installation: "local/p", State: store.TaskDone, Limit: tasks + 1})
		return err == nil && len(done) == tasks
	})
	mu.Lock()
	defer mu.Unlock()
	for id, n := range ran {
		if n != 1 {
			t.Errorf("task %s ran %d times", id, n)
		}
	}
	if len(ran) != tasks || most > 3 {
		t.Errorf("%d tasks ran, %d at once", len(ran), most)
	}
}
