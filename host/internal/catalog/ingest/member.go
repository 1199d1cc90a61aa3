package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/store"
)

// member keeps a replica in touch with the others: it holds the session, asks
// to lead, and tells the engine what it hears. It has a goroutine of its own,
// for the engine's may be in a pass that takes longer than a lead lasts.
type member struct {
	replicas store.Replicas
	owner    string
	limits   Limits
	clock    Clock
	log      *slog.Logger

	lead chan uint64   // the newest epoch, 0 = another leads, in order; buffered and overwritten
	news chan struct{} // the catalog, a request or an answer changed, or may have
	done chan struct{}

	mu       sync.Mutex
	standing Replica
}

// Replica is how a process stands among those that share its database.
type Replica struct {
	Name      string // of this process
	Leader    string // of the one that leads, as last heard; empty = nobody was heard of yet
	Leads     bool   // this process does
	Connected bool   // it hears of changes at once
}

func newMember(c Config) *member {
	return &member{
		replicas: c.Replicas, owner: c.Owner, limits: c.Limits, clock: c.Clock, log: c.Log,
		lead: make(chan uint64, 1), news: make(chan struct{}, 1), done: make(chan struct{}),
		standing: Replica{Name: c.Owner},
	}
}

// run holds a session, and opens another when it is lost, until ctx ends.
func (m *member) run(ctx context.Context) {
	defer close(m.done)
	for attempt := 0; ctx.Err() == nil; attempt++ {
		s, err := m.replicas.Join(ctx, m.owner)
		if err == nil {
			attempt = 0
			err = m.hold(ctx, s)
		}
		m.tell(0)
		if ctx.Err() != nil {
			return
		}
		m.log.Warn("this replica is out of touch with the others; trying again", "error", err, "attempt", attempt+1)
		select {
		case <-ctx.Done():
		case <-m.clock.After(min(m.limits.Beat<<min(attempt, 4), 500*time.Millisecond)):
		}
	}
}

// hold works with a session until it is lost.
func (m *member) hold(ctx context.Context, s store.Session) error {
	defer s.Close(context.WithoutCancel(ctx))
	defer m.lose()
	known, leader := uint64(0), ""
	var beat time.Time // when to give the next sign of life
	for first := true; ; first = false {
		if now := m.clock.Now(); !now.Before(beat) {
			beat = now.Add(m.limits.Beat)
			epoch, owner, err := s.Lead(ctx, m.limits.Lead)
			if err != nil {
				return err //nolint:wrapcheck // a fault of the store
			}
			m.stand(owner, epoch > 0)
			if owner != leader {
				m.log.Info("the catalog has a leader", "leader", owner, "this", m.owner)
				leader = owner
			}
			if epoch != known || first {
				known = epoch
				m.tell(epoch)
			}
		}
		m.hear()
		if err := s.Wait(ctx, m.limits.Beat); err != nil {
			return err //nolint:wrapcheck // a fault of the store
		}
	}
}

// stand notes who leads, for Engine.Replica.
func (m *member) stand(leader string, leads bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing.Leader, m.standing.Leads, m.standing.Connected = leader, leads, true
}

// lose notes that the session is gone, and the lead with it.
func (m *member) lose() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing.Leads, m.standing.Connected = false, false
}

// tell passes on who leads; only the newest counts.
func (m *member) tell(epoch uint64) {
	select {
	case <-m.lead:
	default:
	}
	m.lead <- epoch
}

func (m *member) hear() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// channels are what the engine hears by; nil when the process is alone.
func (m *member) channels() (lead <-chan uint64, news <-chan struct{}) {
	if m == nil {
		return nil, nil
	}
	return m.lead, m.news
}

// Replica returns how this process stands among those that share its
// database; nil when it has the database to itself.
func (e *Engine) Replica() *Replica {
	if e.member == nil {
		return nil
	}
	e.member.mu.Lock()
	defer e.member.mu.Unlock()
	r := e.member.standing
	return &r
}
