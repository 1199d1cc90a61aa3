package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// PutSession implements store.Sessions.
func (s *Store) PutSession(ctx context.Context, row store.SessionRow) error {
	if err := rows.Text("id", row.ID, "subject", row.Subject, "issuer", row.Issuer); err != nil {
		return err
	}
	_, err := s.exec(ctx, "postgres.PutSession", `INSERT INTO user_sessions (id, subject, issuer, created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, issuer = excluded.issuer, created_at = excluded.created_at,
			seen_at = excluded.seen_at, expires_at = excluded.expires_at`,
		row.ID, row.Subject, row.Issuer, stamp(row.CreatedAt), stamp(row.SeenAt), rows.Moment(row.ExpiresAt))
	return err
}

// GetSession implements store.Sessions.
func (s *Store) GetSession(ctx context.Context, id string) (store.SessionRow, error) {
	absent := fault.New(fault.NotFound, "the session is absent or expired")
	if rows.Text("id", id) != nil {
		return store.SessionRow{}, absent
	}
	row := store.SessionRow{ID: id}
	var created, seen *time.Time
	err := s.row(ctx, "postgres.GetSession", []any{&row.Subject, &row.Issuer, &created, &seen, &row.ExpiresAt},
		"SELECT subject, issuer, created_at, seen_at, expires_at FROM user_sessions WHERE id = $1 AND expires_at > $2",
		id, rows.Moment(s.clock()))
	if errors.Is(err, pgx.ErrNoRows) {
		return store.SessionRow{}, absent
	}
	row.CreatedAt, row.SeenAt, row.ExpiresAt = moment(created), moment(seen), row.ExpiresAt.UTC()
	return row, err
}

// DeleteSession implements store.Sessions.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	if !rows.IsText(id) {
		return nil // such a session cannot exist
	}
	_, err := s.exec(ctx, "postgres.DeleteSession", "DELETE FROM user_sessions WHERE id = $1", id)
	return err
}

// SweepSessions implements store.Sessions.
func (s *Store) SweepSessions(ctx context.Context) (int, error) {
	n, err := s.exec(ctx, "postgres.SweepSessions", "DELETE FROM user_sessions WHERE expires_at <= $1", rows.Moment(s.clock()))
	return int(n), err
}
