package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/ledger"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// PutModule implements store.Plugins.
func (s *Store) PutModule(ctx context.Context, m store.ModuleRow) error {
	if err := rows.CheckModule(m); err != nil {
		return err
	}
	packed := rows.Pack(m.Wasm)
	return s.write(ctx, "sqlite.PutModule", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO plugin_modules (digest, plugin, version, publisher, manifest, size, created_at, created_by, wasm)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
			m.Digest, m.Plugin, m.Version, m.Publisher, m.Manifest, len(m.Wasm), micros(m.CreatedAt), m.CreatedBy, packed)
		return err
	})
}

const moduleColumns = "digest, plugin, version, publisher, manifest, size, created_at, created_by"

func moduleFields(m *store.ModuleRow, created *sql.NullInt64) []any {
	return []any{&m.Digest, &m.Plugin, &m.Version, &m.Publisher, &m.Manifest, &m.Size, created, &m.CreatedBy}
}

// GetModule implements store.Plugins.
func (s *Store) GetModule(ctx context.Context, digest string) (store.ModuleRow, error) {
	var m store.ModuleRow
	err := s.read(ctx, "sqlite.GetModule", func(db *sql.DB) error {
		var created sql.NullInt64
		var packed []byte
		err := db.QueryRowContext(ctx, "SELECT "+moduleColumns+", wasm FROM plugin_modules WHERE digest = ?", digest).
			Scan(append(moduleFields(&m, &created), &packed)...)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.NotFound, "there is no module %s", digest)
		}
		if err != nil {
			return err
		}
		m.CreatedAt = moment(created)
		if m.Wasm, err = rows.Unpack(packed); err != nil {
			return fmt.Errorf("unpacking module %s: %w", digest, err)
		}
		return nil
	})
	return m, err
}

// ListModules implements store.Plugins.
func (s *Store) ListModules(ctx context.Context, plugin string) ([]store.ModuleRow, error) {
	var out []store.ModuleRow
	err := s.each(ctx, "sqlite.ListModules", "SELECT "+moduleColumns+` FROM plugin_modules WHERE plugin = ? ORDER BY created_at DESC, digest`,
		[]any{plugin}, func(r *sql.Rows) error {
			var m store.ModuleRow
			var created sql.NullInt64
			err := r.Scan(moduleFields(&m, &created)...)
			m.CreatedAt = moment(created)
			out = append(out, m)
			return err
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SweepModules implements store.Plugins.
func (s *Store) SweepModules(ctx context.Context, before time.Time) (int, error) {
	var swept int64
	err := s.write(ctx, "sqlite.SweepModules", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM plugin_modules WHERE created_at < ? AND NOT EXISTS (SELECT 1 FROM plugin_installations
			WHERE plugin_modules.digest IN (current, previous, canary, pending))`, before.UnixMicro())
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	return int(swept), err
}

// PluginsRevision implements store.Plugins.
func (s *Store) PluginsRevision(ctx context.Context) (uint64, error) {
	var revision uint64
	err := s.read(ctx, "sqlite.PluginsRevision", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT revision FROM plugin_state WHERE id = 1").Scan(&revision)
	})
	return revision, err
}

// ListInstallations implements store.Plugins.
func (s *Store) ListInstallations(ctx context.Context) (store.Installations, error) {
	revision, err := s.PluginsRevision(ctx)
	if err != nil {
		return store.Installations{}, err
	}
	out := store.Installations{Revision: revision}
	err = s.each(ctx, "sqlite.ListInstallations", `SELECT id, publisher, plugin, current, previous, canary, canary_percent, pending, enabled, reason,
		grants, limits, config, data_schema, data_compatible, migrating, unproven, revision, created_at, updated_at, removed_at
		FROM plugin_installations ORDER BY plugin, id`, nil, func(r *sql.Rows) error {
		var i store.InstallationRow
		var created, updated, removed sql.NullInt64
		err := r.Scan(&i.ID, &i.Publisher, &i.Plugin, &i.Current, &i.Previous, &i.Canary, &i.CanaryPercent, &i.Pending, &i.Enabled, &i.Reason,
			&i.Grants, &i.Limits, &i.Config, &i.DataSchema, &i.DataCompatible, &i.Migrating, &i.Unproven, &i.Revision, &created, &updated, &removed)
		i.CreatedAt, i.UpdatedAt, i.RemovedAt = moment(created), moment(updated), moment(removed)
		out.Rows = append(out.Rows, i)
		return err
	})
	if err != nil {
		return store.Installations{}, err
	}
	return out, nil
}

// SaveInstallation implements store.Plugins.
func (s *Store) SaveInstallation(ctx context.Context, row store.InstallationRow, event store.PluginEvent) (store.InstallationRow, error) {
	if err := rows.CheckInstallation(row); err != nil {
		return store.InstallationRow{}, err
	}
	next := rows.Written(row, event)
	err := s.write(ctx, "sqlite.SaveInstallation", func(tx *sql.Tx) error {
		query := `UPDATE plugin_installations SET publisher = ?2, plugin = ?3, current = ?4, previous = ?5, canary = ?6, canary_percent = ?7,
			pending = ?8, enabled = ?9, reason = ?10, grants = ?11, limits = ?12, config = ?13, data_schema = ?14, data_compatible = ?15,
			migrating = ?16, unproven = ?17, revision = ?18, created_at = ?19, updated_at = ?20, removed_at = ?21 WHERE id = ?1 AND revision = ?18 - 1`
		if row.Revision == 0 {
			query = `INSERT INTO plugin_installations (id, publisher, plugin, current, previous, canary, canary_percent, pending, enabled, reason,
				grants, limits, config, data_schema, data_compatible, migrating, unproven, revision, created_at, updated_at, removed_at)
				VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)`
		}
		result, err := tx.ExecContext(ctx, query, next.ID, next.Publisher, next.Plugin, next.Current, next.Previous, next.Canary, next.CanaryPercent,
			next.Pending, next.Enabled, next.Reason, next.Grants, next.Limits, next.Config, next.DataSchema, next.DataCompatible,
			next.Migrating, next.Unproven, next.Revision, micros(next.CreatedAt), micros(next.UpdatedAt), micros(next.RemovedAt))
		if err != nil {
			if fault.Is(classify(ctx, "", err), fault.Conflict) {
				return rows.StaleInstallation(row.Plugin)
			}
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, rows.StaleInstallation(row.Plugin))
		}
		return moved(ctx, tx, event)
	})
	if err != nil {
		return store.InstallationRow{}, err
	}
	return next, nil
}

// moved moves the revision of all installations and adds the event.
func moved(ctx context.Context, tx *sql.Tx, e store.PluginEvent) error {
	if _, err := tx.ExecContext(ctx, "UPDATE plugin_state SET revision = revision + 1 WHERE id = 1"); err != nil {
		return err
	}
	return addEvent(ctx, tx, e)
}

func addEvent(ctx context.Context, tx *sql.Tx, e store.PluginEvent) error {
	e = rows.PluginEvent(e)
	_, err := tx.ExecContext(ctx, `INSERT INTO plugin_history (at, plugin, installation, action, subject, version, digest, outcome, message)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		micros(e.At), e.Plugin, e.Installation, e.Action, e.Subject, e.Version, e.Digest, e.Outcome, e.Message)
	return err
}

// PurgeInstallation implements store.Plugins.
func (s *Store) PurgeInstallation(ctx context.Context, id string, revision uint64, event store.PluginEvent) error {
	return s.write(ctx, "sqlite.PurgeInstallation", func(tx *sql.Tx) error {
		var current uint64
		err := tx.QueryRowContext(ctx, "SELECT revision FROM plugin_installations WHERE id = ?", id).Scan(&current)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fault.New(fault.NotFound, "there is no installation %s", id)
		case err != nil:
			return err
		case current != revision:
			return rows.StaleInstallation(event.Plugin)
		}
		for _, query := range []string{
			"DELETE FROM plugin_kv WHERE installation = ?",
			"UPDATE plugin_kv_accounts SET bytes = 0 WHERE installation = ?",
			"DELETE FROM plugin_kv_snapshot_rows WHERE installation = ?",
			"DELETE FROM plugin_kv_snapshots WHERE installation = ?",
			"DELETE FROM plugin_installations WHERE id = ?",
		} {
			if _, err := tx.ExecContext(ctx, query, id); err != nil {
				return err
			}
		}
		if err := purgeBlobs(ctx, tx, id, s.clock()); err != nil {
			return err
		}
		if err := ledger.Purge(ctx, ledgerTx{tx}, id); err != nil {
			return err
		}
		return moved(ctx, tx, event)
	})
}

// AddPluginEvent implements store.Plugins.
func (s *Store) AddPluginEvent(ctx context.Context, event store.PluginEvent) error {
	return s.write(ctx, "sqlite.AddPluginEvent", func(tx *sql.Tx) error { return addEvent(ctx, tx, event) })
}

// PluginHistory implements store.Plugins.
func (s *Store) PluginHistory(ctx context.Context, plugin string, limit int) ([]store.PluginEvent, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	var out []store.PluginEvent
	err := s.each(ctx, "sqlite.PluginHistory", `SELECT id, at, plugin, installation, action, subject, version, digest, outcome, message
		FROM plugin_history WHERE plugin = ? ORDER BY id DESC LIMIT ?`, []any{plugin, limit}, func(r *sql.Rows) error {
		var e store.PluginEvent
		var at sql.NullInt64
		err := r.Scan(&e.ID, &at, &e.Plugin, &e.Installation, &e.Action, &e.Subject, &e.Version, &e.Digest, &e.Outcome, &e.Message)
		e.At = moment(at)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
