// Command reports is an example of a plugin that works without a request.
//
// Owns: a count of changed entities, a daily total, reports that are written in the background.
// Does not own: the entities, or when and on which replica its code runs.
// Flow: catalog event → count; schedule → daily total; request → task → report → event.
// Build it with "callboard plugin build examples/reports".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/callboard/callboard/sdk"
)

func init() { sdk.Register(plugin()) }

func main() {} // never runs: the module is a library

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Routes: sdk.Routes{
			"GET /changes":         changes,
			"GET /ready":           ready,
			"POST /close":          closeNow,
			"POST /reports":        order,
			"GET /reports/{id}":    report,
			"DELETE /reports/{id}": cancel,
		},
		Events: sdk.EventHandlers{
			"catalog/entity.changed": count,
			"reports/ready":          remember,
		},
		Schedules: sdk.ScheduleHandlers{"close": closeDay},
		Tasks:     sdk.TaskHandlers{"report": write},
	}
}

// seenFor is longer than an event comes again.
const seenFor = 30 * 24 * time.Hour

// count counts an event once, however often it comes: the count and the mark
// of the event are written together or not at all.
func count(ctx context.Context, e *sdk.Event) error {
	return once(ctx, e, "changes")
}

// remember counts the reports that are ready.
func remember(ctx context.Context, e *sdk.Event) error {
	return once(ctx, e, "ready")
}

func once(ctx context.Context, e *sdk.Event, key string) error {
	kv := sdk.Own(ctx).KV()
	for ctx.Err() == nil {
		n, revision, err := number(kv, key)
		if err != nil {
			return err
		}
		err = kv.Batch(
			sdk.Write{Key: fmt.Sprintf("seen/%d", e.ID), TTL: seenFor, Compare: true},
			sdk.Write{Key: key, Value: []byte(strconv.Itoa(n + 1)), Compare: true, IfRevision: revision},
		)
		if sdk.CodeOf(err) != sdk.CodeConflict {
			return err
		}
		if _, seen := kv.Get(fmt.Sprintf("seen/%d", e.ID)); seen == nil {
			return nil // it came before
		}
	}
	return ctx.Err()
}

func number(kv sdk.KV, key string) (n int, revision uint64, err error) {
	entry, err := kv.Get(key)
	if sdk.CodeOf(err) == sdk.CodeNotFound {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	n, err = strconv.Atoi(string(entry.Value))
	return n, entry.Revision, err
}

// closeDay keeps the count of the day under its trigger.
func closeDay(ctx context.Context, r sdk.ScheduleRun) error {
	kv := sdk.Own(ctx).KV()
	n, _, err := number(kv, "changes")
	if err != nil {
		return err
	}
	_, err = kv.Set("closed", fmt.Appendf(nil, "%d %s", n, r.Trigger))
	return err
}

func closeNow(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
	return sdk.NewResponse(202), sdk.Viewer(ctx).Schedules().RunNow("close")
}

func changes(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
	kv := sdk.Viewer(ctx).KV()
	n, _, err := number(kv, "changes")
	if err != nil {
		return nil, err
	}
	closed, err := kv.Get("closed")
	if err != nil && sdk.CodeOf(err) != sdk.CodeNotFound {
		return nil, err
	}
	return sdk.JSON(200, map[string]any{"changes": n, "closed": string(closed.Value)}), nil
}

func ready(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
	n, _, err := number(sdk.Viewer(ctx).KV(), "ready")
	return sdk.JSON(200, map[string]int{"ready": n}), err
}

// order enqueues a report for the viewer. An Idempotency-Key stands for one report.
func order(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	t, err := sdk.Viewer(ctx).Tasks().Enqueue(sdk.TaskOrder{Name: "report", Queue: "reports", UniqueKey: r.Header("Idempotency-Key")})
	if err != nil {
		return nil, err
	}
	return sdk.JSON(202, shown(t)), nil
}

func report(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	t, err := sdk.Viewer(ctx).Tasks().Get(r.Param("id"))
	if err != nil {
		return nil, err
	}
	return sdk.JSON(200, shown(t)), nil
}

func cancel(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	t, err := sdk.Viewer(ctx).Tasks().Cancel(r.Param("id"))
	if err != nil {
		return nil, err
	}
	return sdk.JSON(200, shown(t)), nil
}

func shown(t sdk.TaskInfo) map[string]any {
	return map[string]any{
		"id": t.ID, "state": t.State, "attempts": t.Attempts, "progress": t.Progress, "note": t.Note, "error": t.Error,
		"report": json.RawMessage(orNull(t.Result)),
	}
}

func orNull(b []byte) []byte {
	if len(b) == 0 {
		return []byte("null")
	}
	return b
}

// summary is the result of a report.
type summary struct {
	For        string `json:"for"`
	Components int    `json:"components"`
	Resumed    bool   `json:"resumed"` // an earlier attempt had counted
}

// write counts what the requester may see, keeps that, fails once so that the
// rest is done by a second attempt, and says that it is ready.
func write(ctx context.Context, t *sdk.Task) ([]byte, error) {
	if t.Checkpoint == nil {
		return nil, first(ctx, t)
	}
	var s summary
	if err := json.Unmarshal(t.Checkpoint, &s); err != nil {
		return nil, sdk.Invalid("the checkpoint cannot be read: %v", err)
	}
	s.Resumed = true
	if t.Cancelled() {
		return nil, errors.New("cancelled")
	}
	result, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	_, err = sdk.Own(ctx).Events().Publish(sdk.EventDraft{Topic: "reports/ready", Key: s.For, Ref: "task:" + t.ID})
	return result, err
}

func first(ctx context.Context, t *sdk.Task) error {
	who, err := sdk.Identity(ctx)
	if err != nil {
		return err
	}
	filter, err := sdk.ParseFilter("kind=component")
	if err != nil {
		return err
	}
	page, err := sdk.Viewer(ctx).Catalog().Query(sdk.CatalogQuery{Filter: filter, Fields: []string{"metadata.name"}, Limit: 1})
	if err != nil {
		return err
	}
	state, err := json.Marshal(summary{For: who.Ref, Components: page.TotalItems})
	if err != nil {
		return err
	}
	if err := t.Save(state); err != nil {
		return err
	}
	if err := t.Progress(50, "counted %d components", page.TotalItems); err != nil {
		return err
	}
	if err := t.Log("counted for %s in attempt %d", who.Ref, t.Attempt); err != nil {
		return err
	}
	return &sdk.Error{Code: sdk.CodeUnavailable, Message: "the rest is done by another attempt", Retryable: true}
}
