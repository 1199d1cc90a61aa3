package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/callboard/callboard/host/internal/authn"
	capevent "github.com/callboard/callboard/host/internal/capability/event"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

// jobs is what plugins do without a request: events, schedules and tasks.
// plugins and authn are put in before start.
type jobs struct {
	events    *event.Engine
	schedules *job.Schedules
	tasks     *job.Tasks
	plugins   *pluginSet
	shown     *index.Index
	authn     *authn.Authenticator
	actor     func(id string) (principal.Actor, error) // a plugin in its version of today
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	started context.Context // of start; nil before and after
	wanted  bool            // some plugin has tasks
	running bool            // tasks run
	retry   *time.Timer
}

// retryTasks is when tasks that could not start are tried again.
const retryTasks = 5 * time.Second

func newJobs(db store.Store, now func() time.Time, log *slog.Logger) *jobs {
	j := &jobs{now: now, log: log}
	j.actor = j.current
	owner := uuid.NewString()
	j.events = event.New(event.Config{
		Store: db, Deliver: j.deliver, Owner: owner, Clock: now, Random: rand.Float64, Log: log,
		Audit: func(ctx context.Context, r event.Record) {
			log.InfoContext(ctx, "event "+r.Action, "plugin", r.Plugin, "subject", r.Subject, "topic", r.Topic, "event", r.Event, "message", r.Message)
		},
	})
	audit := func(ctx context.Context, r job.Record) {
		log.InfoContext(ctx, r.Action, "plugin", r.Plugin, "subject", r.Subject, "object", r.Object, "message", r.Message)
	}
	j.schedules = job.NewSchedules(job.ScheduleConfig{
		Store: db, Run: j.runSchedule, Owner: owner, Clock: now, Random: rand.Float64, ID: uuid.NewString, Audit: audit, Log: log,
	})
	j.tasks = job.NewTasks(job.TaskConfig{
		Store: db, Carrier: carrier(db, owner, log), Authorize: j.authorize, Run: j.runTask, Owner: owner, Clock: now, Random: rand.Float64,
		Lead: func(ctx context.Context) error { return db.AcquireLease(ctx, "tasks", owner, 5*time.Second) },
		ID:   uuid.NewString, Audit: audit, Log: log,
	})
	return j
}

// carrier is River on the store's connections.
func carrier(db store.Store, owner string, log *slog.Logger) job.Carrier {
	c := job.RiverConfig{
		Owner: owner, Log: quiet(log),
		Lock:   func(ctx context.Context) error { return db.AcquireLease(ctx, "river", owner, time.Minute) },
		Unlock: func(ctx context.Context) error { return db.ReleaseLease(ctx, "river", owner) },
	}
	switch db := db.(type) {
	case *sqlite.Store:
		return job.NewRiver(db.JobDriver(), c)
	case *postgres.Store:
		return job.NewRiver(db.JobDriver(), c)
	}
	return job.NewLocal()
}

// start runs what is due until close.
func (j *jobs) start(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	j.events.Start(ctx)
	j.schedules.Start(ctx)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.started = ctx
	j.startTasks()
}

// startTasks starts River once some plugin has tasks: a portal without any
// does without its tables, its connection and its polling. mu is held.
func (j *jobs) startTasks() {
	if j.started == nil || !j.wanted || j.running {
		return
	}
	if err := j.tasks.Start(j.started); err != nil {
		j.log.ErrorContext(j.started, "tasks do not run; starting them is tried again", "error", err)
		j.retry = time.AfterFunc(retryTasks, func() {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.startTasks()
		})
		return
	}
	j.running = true
}

func (j *jobs) close(ctx context.Context) error {
	j.mu.Lock()
	j.started = nil
	if j.retry != nil {
		j.retry.Stop()
	}
	running := j.running
	j.running = false
	j.mu.Unlock()
	j.schedules.Close()
	j.events.Close()
	if running {
		return j.tasks.Close(ctx)
	}
	return nil
}

// follow takes over what the current versions of plugins declare and may do;
// those that are disabled or removed wait.
func (j *jobs) follow(ctx context.Context, current []*bundle) {
	var active, withTasks []string
	for _, b := range current {
		in := j.plugins.get(plugin.ID(b.ID))
		if in == nil || in.err != nil || b.Manifest == nil || in.rights == nil {
			continue
		}
		active = append(active, in.installation)
		if err := j.register(ctx, in, b.Manifest); err != nil {
			j.log.ErrorContext(ctx, "events or schedules of a plugin are not as declared", "plugin", b.ID, "error", err)
		}
		if _, granted := in.rights.Granted(abi.CapTask); granted {
			withTasks = append(withTasks, in.installation)
		}
	}
	for what, err := range map[string]error{
		"events": j.events.PauseOthers(ctx, active), "schedules": j.schedules.PauseOthers(ctx, active), "tasks": j.tasks.Activate(ctx, withTasks),
	} {
		if err != nil {
			j.log.ErrorContext(ctx, "what belongs to plugins that do not run could not be paused", "what", what, "error", err)
		}
	}
	if len(withTasks) > 0 {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.wanted = true
		j.startTasks()
	}
}

// register takes over one plugin's topics and schedules, as far as granted.
func (j *jobs) register(ctx context.Context, in *installed, m *manifest.Manifest) error {
	r := event.Registration{Installation: in.installation, Plugin: m.ID, Enabled: true}
	if scope, granted := in.rights.Granted(abi.CapEvent); granted {
		r.Publish = m.Extensions.Events.Publish
		r.Subscribe = scope.(*capevent.Scope).Hears(m.ID, m.Extensions.Events.Subscribe) //nolint:forcetypeassert // the language of event makes no other
	}
	if err := j.events.Register(ctx, r); err != nil {
		return err
	}
	var rows []store.ScheduleRow
	if _, granted := in.rights.Granted(abi.CapSchedule); granted {
		for _, s := range m.Extensions.Schedules {
			// What only a collator names waits for the search index.
			if !m.RunsByItself(s.ID) || len(providersOf(m, s.ID)) > 0 {
				rows = append(rows, store.ScheduleRow{ID: s.ID, Every: time.Duration(s.Every), Cron: s.Cron})
			}
		}
	}
	return j.schedules.Sync(ctx, in.installation, m.ID, true, rows)
}

// present refuses work for an installation that is not the one that runs under
// the plugin's id, or whose data is on its way to another form.
func (j *jobs) present(id, installation string, needs abi.Capability) error {
	in := j.plugins.get(plugin.ID(id))
	if in == nil || in.installation != installation {
		return fault.New(fault.Unavailable, "plugin %s does not run", id)
	}
	if j.plugins.away(plugin.ID(id)) {
		return fault.New(fault.Unavailable, "plugin %s is being upgraded; its data changes its form", id)
	}
	if _, granted := in.rights.Granted(needs); !granted {
		return fault.New(fault.Unavailable, "plugin %s has lost the capability %s", id, needs)
	}
	return nil
}

func (j *jobs) deliver(ctx context.Context, installation, id string, d store.Delivery) error {
	if err := j.present(id, installation, abi.CapEvent); err != nil {
		return err
	}
	e := d.Event
	if e.Topic == topicEntityChanged {
		// What a subscriber then reads here is at least what it is told of.
		if err := j.shown.Await(ctx, e.Revision); err != nil {
			return err //nolint:wrapcheck // says what it waits for
		}
	}
	return extension.Event(ctx, j.plugins.registry, plugin.ID(id), &contract.Event{
		ID: e.ID, Topic: e.Topic, Key: e.Key, Plugin: e.Plugin, Ref: e.Ref, Revision: e.Revision, Payload: e.Payload,
		At: e.At.UnixMilli(), Attempt: d.Attempts + 1,
	})
}

func (j *jobs) runSchedule(ctx context.Context, s store.ScheduleRow, r store.ScheduleRun) error {
	if err := j.present(s.Plugin, s.Installation, abi.CapSchedule); err != nil {
		return err
	}
	if in := j.plugins.get(plugin.ID(s.Plugin)); in != nil {
		if providers := providersOf(in.bundle.Manifest, s.ID); len(providers) > 0 {
			return j.provide(ctx, s.Plugin, providers)
		}
	}
	return extension.Schedule(ctx, j.plugins.registry, plugin.ID(s.Plugin), &contract.ScheduleRun{Schedule: s.ID, Run: r.ID, Trigger: r.Trigger})
}

// providersOf are the providers that a schedule runs.
func providersOf(m *manifest.Manifest, schedule string) []string {
	var out []string
	for _, p := range m.Extensions.Providers {
		if p.Schedule == schedule {
			out = append(out, p.Name)
		}
	}
	return out
}

// provide runs providers one after the other; one that fails keeps none of the
// others from running.
func (j *jobs) provide(ctx context.Context, id string, providers []string) error {
	var failed []error
	for _, name := range providers {
		message, err := extension.Provide(ctx, j.plugins.registry, plugin.ID(id), name)
		if err != nil {
			failed = append(failed, fmt.Errorf("provider %s: %w", name, err))
			continue
		}
		j.log.InfoContext(ctx, "provider ran", "plugin", id, "provider", name, "message", message)
	}
	return errors.Join(failed...)
}

func (j *jobs) runTask(ctx context.Context, a *job.Attempt, authority principal.Authority, own bool) ([]byte, error) {
	t := a.Task
	if err := j.present(t.Plugin, t.Installation, abi.CapTask); err != nil {
		return nil, err
	}
	return extension.Task(ctx, j.plugins.registry, plugin.ID(t.Plugin), authority, own, &contract.Task{
		ID: t.ID, Queue: t.Queue, Name: t.Name, Payload: t.Payload, Blob: t.Blob, Checkpoint: t.Checkpoint,
		Attempt: t.Attempts, Last: t.Attempts == t.MaxAttempts,
	})
}

// authorize looks up what a requester may do now. The plugins through which it
// was asked for narrow it as they did then, in their versions of today.
func (j *jobs) authorize(ctx context.Context, id string, r job.Requester) (principal.Authority, bool, error) {
	var a principal.Authority
	var err error
	switch {
	case r.Own:
		return a, true, nil
	case r.Kind == principal.None.String():
	case r.Kind == principal.User.String():
		a, err = j.authn.Resolve(ctx, r.Issuer, r.ID)
	case r.Kind == principal.Plugin.String():
		var actor principal.Actor
		if actor, err = j.actor(r.ID); err == nil {
			a = principal.Own(actor).AsPlugin()
			a.Actors, a.Cause = nil, nil // the path is below
		}
	default:
		err = fault.New(fault.Denied, "a %s cannot stand behind a task", r.Kind)
	}
	for _, outer := range r.Path {
		var actor principal.Actor
		if err == nil {
			actor, err = j.actor(outer)
			a = a.Through(actor)
		}
	}
	for _, id := range r.Cause {
		a.Cause = append(a.Cause, principal.Actor{Plugin: id})
	}
	return a, false, err
}

func (j *jobs) current(id string) (principal.Actor, error) {
	s, err := j.plugins.registry.Get(plugin.ID(id))
	if err != nil {
		return principal.Actor{}, fault.New(fault.Denied, "plugin %s, through which the task was asked for, is gone", id)
	}
	return principal.Actor{Plugin: id, Version: s.Version, Digest: s.Digest}, nil
}

// topicEntityChanged is the host's event about each entity that changed.
const topicEntityChanged = "catalog/entity.changed"

// announcing is a store whose catalog batches tell the plugins that listen.
type announcing struct {
	store.Store
	nudge func()
}

// ApplyCatalog implements store.Catalog.
func (s announcing) ApplyCatalog(ctx context.Context, b store.Batch) (uint64, error) {
	b.Announce = topicEntityChanged
	revision, err := s.Store.ApplyCatalog(ctx, b)
	if err == nil {
		s.nudge()
	}
	return revision, err
}

// quiet is a log for a library that tells much: warnings and worse.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}
