package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// Jobs is what plugins do without a request, as operators see and steer it.
// What changes something is audited. Answers are encoded as JSON.
type Jobs interface {
	EventOperations
	ScheduleOperations
	TaskOperations
}

// EventOperations look at what a plugin listens to. Fault: NotFound (no such
// plugin, or it listens to nothing).
type EventOperations interface {
	Events(ctx context.Context, plugin string) (any, error)
	// DeadLetters returns those after an event's id, oldest first.
	DeadLetters(ctx context.Context, plugin string, after uint64, limit int) (any, error)
	// Redeliver and Drop take one dead letter, or with 0 all, and return how many.
	Redeliver(ctx context.Context, who principal.Authority, plugin string, event uint64) (int, error)
	Drop(ctx context.Context, who principal.Authority, plugin string, event uint64) (int, error)
	// Replay delivers again from an event on. Fault also: Invalid (it is still to come).
	Replay(ctx context.Context, who principal.Authority, plugin string, from uint64) error
}

// ScheduleOperations look at a plugin's schedules. Fault: NotFound.
type ScheduleOperations interface {
	Schedules(ctx context.Context, plugin string) (any, error)
	// RunSchedule runs one now. Fault also: Conflict (it runs, or is paused).
	RunSchedule(ctx context.Context, who principal.Authority, plugin, schedule string) error
}

// TaskOperations look at a plugin's tasks, whoever asked for them. Fault: NotFound.
type TaskOperations interface {
	Tasks(ctx context.Context, plugin string, q TaskQuery) (any, error)
	Task(ctx context.Context, plugin, task string, after int) (any, error)
	CancelTask(ctx context.Context, who principal.Authority, plugin, task string) (any, error)
}

// TaskQuery selects tasks; empty fields select all.
type TaskQuery struct {
	Queue, State, Before string
	Limit                int
}

func (s *Server) jobRoutes() {
	s.app.Get("/api/plugins/:id/events", s.forReaders(func(ctx context.Context, c *fiber.Ctx, id string) (any, error) {
		return s.config.Jobs.Events(ctx, id)
	}))
	s.app.Get("/api/plugins/:id/events/dead", s.forOperators(func(ctx context.Context, c *fiber.Ctx, _ principal.Authority, id string) (any, error) {
		after, err := number(c.Query("after"), "after")
		if err != nil {
			return nil, err
		}
		limit, err := pageLimit(c)
		if err != nil {
			return nil, err
		}
		return s.config.Jobs.DeadLetters(ctx, id, after, limit)
	}))
	s.app.Post("/api/plugins/:id/events/redeliver", s.forOperators(s.deadLetters(EventOperations.Redeliver)))
	s.app.Post("/api/plugins/:id/events/drop", s.forOperators(s.deadLetters(EventOperations.Drop)))
	s.app.Post("/api/plugins/:id/events/replay", s.forOperators(func(ctx context.Context, c *fiber.Ctx, who principal.Authority, id string) (any, error) {
		var in struct {
			From uint64 `json:"from"`
		}
		if err := readJSON(c, &in); err != nil {
			return nil, err
		}
		if in.From == 0 {
			return nil, fault.New(fault.Invalid, `the body is {"from": 12}, the id of the first event to deliver again; 1 is the oldest that is kept`)
		}
		return nil, s.config.Jobs.Replay(ctx, who, id, in.From)
	}))
	s.app.Get("/api/plugins/:id/schedules", s.forReaders(func(ctx context.Context, _ *fiber.Ctx, id string) (any, error) {
		return s.config.Jobs.Schedules(ctx, id)
	}))
	s.app.Post("/api/plugins/:id/schedules/:schedule/run", s.forOperators(func(ctx context.Context, c *fiber.Ctx, who principal.Authority, id string) (any, error) {
		return nil, s.config.Jobs.RunSchedule(ctx, who, id, utils.CopyString(c.Params("schedule")))
	}))
	s.app.Get("/api/plugins/:id/tasks", s.forOperators(func(ctx context.Context, c *fiber.Ctx, _ principal.Authority, id string) (any, error) {
		limit, err := pageLimit(c)
		if err != nil {
			return nil, err
		}
		return s.config.Jobs.Tasks(ctx, id, TaskQuery{
			Queue: utils.CopyString(c.Query("queue")), State: utils.CopyString(c.Query("state")), Before: utils.CopyString(c.Query("before")), Limit: limit,
		})
	}))
	s.app.Get("/api/plugins/:id/tasks/:task", s.forOperators(func(ctx context.Context, c *fiber.Ctx, _ principal.Authority, id string) (any, error) {
		after, err := number(c.Query("after"), "after")
		if err != nil {
			return nil, err
		}
		return s.config.Jobs.Task(ctx, id, utils.CopyString(c.Params("task")), int(min(after, 1<<30))) //nolint:gosec // bounded
	}))
	s.app.Post("/api/plugins/:id/tasks/:task/cancel", s.forOperators(func(ctx context.Context, c *fiber.Ctx, who principal.Authority, id string) (any, error) {
		return s.config.Jobs.CancelTask(ctx, who, id, utils.CopyString(c.Params("task")))
	}))
}

// forReaders answers whoever is signed in.
func (s *Server) forReaders(do func(ctx context.Context, c *fiber.Ctx, plugin string) (any, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if _, err := s.signedIn(c); err != nil {
			return err
		}
		v, err := do(c.UserContext(), c, utils.CopyString(c.Params("id")))
		if err != nil {
			return err
		}
		return s.answer(c, v)
	}
}

// forOperators answers who may operate plugins. Without an answer it is 204.
func (s *Server) forOperators(do func(ctx context.Context, c *fiber.Ctx, who principal.Authority, plugin string) (any, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who, err := s.permitted(c, permitOperate)
		if err != nil {
			return err
		}
		v, err := do(c.UserContext(), c, who, utils.CopyString(c.Params("id")))
		switch {
		case err != nil:
			return err
		case v == nil:
			return c.SendStatus(http.StatusNoContent)
		}
		return s.answer(c, v)
	}
}

// deadLetters does something to one dead letter, or with no body to all.
func (s *Server) deadLetters(do func(EventOperations, context.Context, principal.Authority, string, uint64) (int, error)) func(context.Context, *fiber.Ctx, principal.Authority, string) (any, error) {
	return func(ctx context.Context, c *fiber.Ctx, who principal.Authority, id string) (any, error) {
		var in struct {
			Event uint64 `json:"event"`
		}
		if err := readJSON(c, &in); err != nil {
			return nil, err
		}
		n, err := do(s.config.Jobs, ctx, who, id, in.Event)
		return map[string]int{"count": n}, err
	}
}

func number(text, name string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fault.New(fault.Invalid, "%s is a number, not %.40q", name, text)
	}
	return n, nil
}

// Bounds of a page.
const (
	defaultPage = 100
	longestPage = 1000
)

func pageLimit(c *fiber.Ctx) (int, error) {
	n, err := number(c.Query("limit"), "limit")
	if err != nil || n == 0 {
		return defaultPage, err
	}
	return int(min(n, longestPage)), nil //nolint:gosec // bounded
}
