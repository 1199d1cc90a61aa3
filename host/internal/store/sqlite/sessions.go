package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// PutSession implements store.Sessions.
func (s *Store) PutSession(ctx context.Context, row store.SessionRow) error {
	if err := rows.Text("id", row.ID, "subject", row.Subject, "issuer", row.Issuer); err != nil {
		return err
	}
	return s.write(ctx, "sqlite.PutSession", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO user_sessions (id, subject, issuer, created_at, seen_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?)`,
			row.ID, row.Subject, row.Issuer, micros(row.CreatedAt), micros(row.SeenAt), row.ExpiresAt.UnixMicro())
		return err
	})
}

// GetSession implements store.Sessions.
func (s *Store) GetSession(ctx context.Context, id string) (store.SessionRow, error) {
	var row store.SessionRow
	err := s.read(ctx, "sqlite.GetSession", func(db *sql.DB) error {
		var created, seen, expires sql.NullInt64
		err := db.QueryRowContext(ctx, `SELECT id, subject, issuer, created_at, seen_at, expires_at FROM user_sessions
			WHERE id = ? AND expires_at > ?`, id, s.clock().UnixMicro()).
			Scan(&row.ID, &row.Subject, &row.Issuer, &created, &seen, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.NotFound, "the session is absent or expired")
		}
		row.CreatedAt, row.SeenAt, row.ExpiresAt = moment(created), moment(seen), moment(expires)
		return err
	})
	return row, err
}

// DeleteSession implements store.Sessions.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.write(ctx, "sqlite.DeleteSession", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM user_sessions WHERE id = ?", id)
		return err
	})
}

// SweepSessions implements store.Sessions.
func (s *Store) SweepSessions(ctx context.Context) (int, error) {
	var swept int64
	err := s.write(ctx, "sqlite.SweepSessions", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM user_sessions WHERE expires_at <= ?", s.clock().UnixMicro())
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	return int(swept), err
}
