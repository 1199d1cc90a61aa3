package sqlite

import (
	"context"
	"database/sql"
)

// HostKey implements store.Keys.
func (s *Store) HostKey(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	var key []byte
	err := s.write(ctx, "sqlite.HostKey", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx,
			"INSERT INTO host_keys (name, key) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET key = host_keys.key RETURNING key", name, fresh).Scan(&key)
	})
	return key, err
}
