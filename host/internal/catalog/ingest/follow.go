package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// deltaRefs is how many changed entities a follower takes over at once.
const deltaRefs = 2000

// retry is when a follower tries again what the store did not let it do.
const retry = time.Second

// join finds out whether this replica leads, and lets a follower wait until
// there is a catalog to follow.
func (e *Engine) join(ctx context.Context, stored bool) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller gave up
		case epoch := <-e.member.lead:
			if epoch > 0 {
				if err := e.assumeOnce(ctx, epoch); err != nil {
					return err
				}
				if len(e.state.nodes) == 0 && len(e.state.sources) == 0 {
					return e.first(ctx)
				}
			}
			if epoch > 0 || stored {
				return nil
			}
		case <-e.member.news:
			report, err := e.config.Replicas.LoadReport(ctx)
			if err != nil {
				return fmt.Errorf("waiting for the leader's catalog: %w", err)
			}
			if report == nil {
				continue
			}
			if _, err := e.load(ctx); err != nil {
				return err
			}
			if e.publications() == 0 {
				e.publish(catalog.Update{Reset: true, Revision: e.revision})
			}
			return e.takeReport(ctx)
		}
	}
}

// follow takes over what the leader writes, and hands it what is asked for
// here, until this replica leads.
func (e *Engine) follow(ctx context.Context) {
	again := e.config.Clock.After(0) // for what was asked for before
	var events <-chan scope
	if e.watch != nil {
		events = e.watch.events
		e.watch.set(nil, nil)
	}
	lead, news := e.member.channels()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case epoch := <-lead:
			if epoch > 0 {
				e.assume(ctx, epoch)
				return
			}
		case <-events: // the leader watches
		case look := <-e.asks:
			err = e.refer(ctx)
			look(e.state)
		case <-e.wake:
			err = e.forward(ctx)
		case <-again:
			if err = e.forward(ctx); err == nil {
				err = e.hear(ctx)
			}
		case <-news:
			err = e.hear(ctx)
		}
		if again = nil; err != nil && ctx.Err() == nil {
			e.config.Log.Warn("this replica may be behind; trying again", "error", err)
			again = e.config.Clock.After(retry)
		}
	}
}

// hear takes over what others wrote: the catalog, the report, answers.
func (e *Engine) hear(ctx context.Context) error {
	answers, err := e.takeAnswers(ctx)
	if err != nil {
		return err
	}
	// An answer is written after what it tells of: now that is here, too.
	if err := e.catchUp(ctx); err != nil {
		return err
	}
	for _, reply := range answers {
		reply()
	}
	e.stale = true
	return e.takeReport(ctx)
}

// catchUp publishes what changed since the revision of the state.
func (e *Engine) catchUp(ctx context.Context) error {
	if e.torn {
		if _, err := e.load(ctx); err != nil {
			return err
		}
	}
	for {
		d, err := e.config.Replicas.CatalogDelta(ctx, e.revision, deltaRefs)
		if err != nil {
			return fmt.Errorf("reading the change feed: %w", err)
		}
		if d.Revision <= e.revision {
			return nil
		}
		update, touched := e.state.adopt(&d)
		e.revision = d.Revision
		rows, err := e.config.Store.GetEntities(ctx, touched)
		e.state.show(&update, rows)
		e.publish(update)
		if err != nil {
			e.torn = true // what is touched shows relations that are not there
			return fmt.Errorf("reading entities: %w", err)
		}
		if !d.More {
			return nil
		}
	}
}

// refer brings a follower's references up to date, which no feed tells of.
func (e *Engine) refer(ctx context.Context) error {
	if !e.stale {
		return nil
	}
	err := e.state.loadReferences(ctx, e.config.Store)
	e.stale = err != nil
	return err
}

// assume makes this replica the leader under an epoch, however long it takes,
// unless another one becomes it meanwhile.
func (e *Engine) assume(ctx context.Context, epoch uint64) {
	for epoch > 0 {
		err := e.assumeOnce(ctx, epoch)
		if err == nil {
			e.request(scope{all: true})
			return
		}
		e.config.Log.Error("this replica is to lead and cannot load the catalog; trying again", "error", err)
		select {
		case <-ctx.Done():
			return
		case epoch = <-e.member.lead:
		case <-e.config.Clock.After(retry):
		}
	}
}

func (e *Engine) assumeOnce(ctx context.Context, epoch uint64) error {
	if err := e.catchUp(ctx); err != nil {
		return err
	}
	if err := e.state.loadLiveness(ctx, e.config.Store); err != nil {
		return err
	}
	now := e.config.Clock.Now()
	for _, f := range e.state.sources {
		f.nextAt = now
	}
	e.globs, e.stale = map[string][]source.Location{}, false
	clear(e.carried)
	e.epoch.Store(epoch)
	e.config.Log.Info("this replica leads the catalog", "epoch", epoch, "owner", e.config.Owner)
	return e.config.Replicas.DropAnswers(ctx, now.Add(-10*time.Minute)) //nolint:wrapcheck // says what it is
}

// resign ends the lead. What a pass changed and could not write is forgotten;
// requests of other replicas wait in the store for the one that leads now.
func (e *Engine) resign(ctx context.Context) {
	e.config.Log.Warn("another replica leads the catalog now", "owner", e.config.Owner)
	e.epoch.Store(0)
	clear(e.carried)
	e.mu.Lock()
	e.pending.after = slices.DeleteFunc(e.pending.after, func(q inquiry) bool { return q.carried })
	e.mu.Unlock()
	for failures := 0; ; failures++ {
		if _, err := e.load(ctx); err == nil || !e.sleep(ctx, retry) {
			return
		}
	}
}

// requestBody is a scope as it travels to the leader.
type requestBody struct {
	All     bool           `json:"all,omitempty"`
	Expand  bool           `json:"expand,omitempty"`
	Sources []string       `json:"sources,omitempty"`
	Refs    []string       `json:"refs,omitempty"`
	Remove  []string       `json:"remove,omitempty"`
	Asks    map[string]ask `json:"asks,omitempty"`
	Pushes  []source.Push  `json:"pushes,omitempty"`
	Keys    []string       `json:"keys,omitempty"`
	Bucket  string         `json:"bucket,omitempty"` // whose documents the asker waits to hear of
	Index   map[string]int `json:"index,omitempty"`
}

// forward hands the leader what was asked for here.
func (e *Engine) forward(ctx context.Context) error {
	s := e.take()
	if s.empty() {
		return nil
	}
	asked := s.after
	s.after = nil
	err := e.put(ctx, e.config.IDs(), false, requestBody{
		All: s.all, Expand: s.expand, Sources: slices.Sorted(maps.Keys(s.sources)), Refs: slices.Sorted(maps.Keys(s.refs)),
		Remove: slices.Sorted(maps.Keys(s.remove)), Asks: s.asks, Pushes: s.pushes, Keys: slices.Sorted(maps.Keys(s.keys)),
	})
	if err != nil {
		s.after = asked
		e.keep(s)
		return err
	}
	for i, q := range asked {
		id := e.config.IDs()
		e.mu.Lock()
		e.waiting[id] = q.reply
		e.mu.Unlock()
		if err := e.put(ctx, id, true, requestBody{Bucket: q.bucket, Index: q.index}); err != nil {
			e.mu.Lock()
			delete(e.waiting, id)
			e.mu.Unlock()
			e.keep(scope{expand: true, after: asked[i:]})
			return err
		}
	}
	return nil
}

// keep puts a scope back without waking anybody.
func (e *Engine) keep(s scope) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pending.merge(s)
}

func (e *Engine) put(ctx context.Context, id string, waits bool, body requestBody) error {
	text, err := json.Marshal(body)
	if err == nil {
		err = e.config.Replicas.PutRequest(ctx, store.Request{ID: id, Body: text, Waits: waits})
	}
	if err != nil {
		return fmt.Errorf("handing a request to the leader: %w", err)
	}
	return nil
}

// takeAnswers returns the replies that the leader's answers let happen.
func (e *Engine) takeAnswers(ctx context.Context) ([]func(), error) {
	e.mu.Lock()
	ids := slices.Collect(maps.Keys(e.waiting))
	e.mu.Unlock()
	if len(ids) == 0 {
		return nil, nil
	}
	answered, err := e.config.Replicas.TakeAnswers(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("taking answers: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []func()
	for _, r := range answered {
		reply := e.waiting[r.ID]
		delete(e.waiting, r.ID)
		var found []DocumentProblem
		if err := json.Unmarshal(r.Answer, &found); err != nil {
			e.config.Log.Error("an answer of the leader cannot be read", "error", err)
		}
		out = append(out, func() { reply(found) })
	}
	return out, nil
}

// takeRequests puts what other replicas ask for into the next pass, and what
// this one asked for itself before it led.
func (e *Engine) takeRequests(ctx context.Context) {
	if e.member == nil {
		return
	}
	open, err := e.config.Replicas.OpenRequests(ctx)
	if err != nil {
		e.config.Log.Warn("requests of other replicas wait", "error", err)
		return
	}
	for _, r := range open {
		if e.carried[r.ID] {
			continue
		}
		var b requestBody
		if err := json.Unmarshal(r.Body, &b); err != nil {
			e.config.Log.Error("a request of another replica cannot be read; it is dropped", "error", err)
			b = requestBody{}
		}
		e.carried[r.ID] = true
		e.keep(scope{
			all: b.All, expand: b.Expand, pushes: b.Pushes, sources: set(b.Sources), refs: set(b.Refs), remove: set(b.Remove), asks: b.Asks, keys: set(b.Keys),
			after: []inquiry{{carried: true, bucket: b.Bucket, index: b.Index, reply: func(found []DocumentProblem) { e.reply(ctx, r.ID, found) }}},
		})
	}
}

// reply answers a request. One that cannot be answered stays open, and is
// taken again.
func (e *Engine) reply(ctx context.Context, id string, found []DocumentProblem) {
	delete(e.carried, id)
	e.mu.Lock()
	own := e.waiting[id]
	delete(e.waiting, id)
	e.mu.Unlock()
	if own != nil {
		own(found)
	}
	text, err := json.Marshal(found)
	if err == nil {
		err = e.config.Replicas.AnswerRequest(ctx, id, text)
	}
	if err != nil {
		e.config.Log.Warn("a request of another replica is answered later", "error", err)
	}
}

func set(list []string) map[string]bool {
	if len(list) == 0 {
		return nil
	}
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}
