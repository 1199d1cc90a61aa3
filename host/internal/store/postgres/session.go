package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// answerTime is how long the database may take to answer a session. A
// connection that is dead without saying so is noticed after it.
const answerTime = 2 * time.Second

// session is a connection of its own, beside the pool: what it listens to and
// that it lives would not survive a pooler that shares connections.
type session struct {
	store *Store
	conn  *pgx.Conn
	owner string
	epoch uint64 // of its lead, 0 = it does not lead
}

// Join implements store.Replicas.
func (s *Store) Join(ctx context.Context, owner string) (store.Session, error) {
	if err := rows.Text("owner", owner); err != nil {
		return nil, err
	}
	if err := s.gate.Enter(); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err == nil {
		_, err = conn.Exec(ctx, "LISTEN "+channel)
	}
	if err != nil {
		if conn != nil {
			_ = conn.Close(ctx)
		}
		return nil, s.classify(ctx, "postgres.Join", err)
	}
	return &session{store: s, conn: conn, owner: owner}, nil
}

// A leader is gone when its session is, which the server sees at once when the
// process dies, or when it was silent for too long: a machine that is cut off
// or stands still keeps its session for minutes.
const lead = `UPDATE catalog_leader SET owner = $1, pid = pg_backend_pid(), until = clock_timestamp() + make_interval(secs => $2),
	started_at = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()), epoch = CASE WHEN epoch = $3 THEN epoch ELSE epoch + 1 END
	WHERE epoch = $3 OR until < clock_timestamp()
		OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = catalog_leader.pid AND a.backend_start = catalog_leader.started_at)
	RETURNING epoch`

// Lead implements store.Session.
func (s *session) Lead(ctx context.Context, ttl time.Duration) (uint64, string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	before := int64(s.epoch) //nolint:gosec // counted from 0
	if before == 0 {
		before = -1 // nobody's
	}
	var epoch uint64
	switch err := s.conn.QueryRow(ctx, lead, s.owner, ttl.Seconds(), before).Scan(&epoch); {
	case err == nil && epoch == s.epoch:
		return epoch, s.owner, nil
	case err == nil:
		return s.fence(ctx, epoch)
	case err != pgx.ErrNoRows: //nolint:errorlint // pgx returns it as it is
		return 0, "", s.store.classify(ctx, "postgres.Lead", err)
	}
	s.epoch = 0
	var leader string
	if err := s.conn.QueryRow(ctx, "SELECT owner FROM catalog_leader").Scan(&leader); err != nil {
		return 0, "", s.store.classify(ctx, "postgres.Lead", err)
	}
	return 0, leader, nil
}

// fence waits for the batch under way, if there is one, and shuts out those
// that an earlier leader has still to write. It waits for its turn at the row
// that every batch takes first, so it may take longer than an answer.
func (s *session) fence(ctx context.Context, epoch uint64) (uint64, string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*answerTime)
	defer cancel()
	tag, err := s.conn.Exec(ctx, "UPDATE catalog_state SET epoch = $1 WHERE epoch < $1", int64(epoch)) //nolint:gosec // counted from 0
	if err != nil {
		return 0, "", s.store.classify(ctx, "postgres.Lead", err)
	}
	if tag.RowsAffected() == 0 {
		return 0, "", nil // while it waited somebody else took over
	}
	s.epoch = epoch
	return epoch, s.owner, nil
}

// Wait implements store.Session.
func (s *session) Wait(ctx context.Context, d time.Duration) error {
	wait, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := s.conn.WaitForNotification(wait)
	switch {
	case err == nil, ctx.Err() == nil && wait.Err() != nil && !s.conn.IsClosed():
		return nil // heard of something, or it is time
	case ctx.Err() != nil:
		return ctx.Err() //nolint:wrapcheck // the caller's own
	}
	return s.store.classify(context.WithoutCancel(ctx), "postgres.Wait", err)
}

// Close implements store.Session.
func (s *session) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_ = s.conn.Close(ctx) // what cannot be told is seen by the others
}
