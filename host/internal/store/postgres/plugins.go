package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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
	_, err := s.exec(ctx, "postgres.PutModule", `INSERT INTO plugin_modules
		(digest, plugin, version, publisher, manifest, size, created_at, created_by, wasm)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING`,
		m.Digest, m.Plugin, m.Version, m.Publisher, m.Manifest, len(m.Wasm), stamp(m.CreatedAt), m.CreatedBy, rows.Pack(m.Wasm))
	return err
}

const moduleColumns = "digest, plugin, version, publisher, manifest, size, created_at, created_by"

func moduleFields(m *store.ModuleRow, created **time.Time) []any {
	return []any{&m.Digest, &m.Plugin, &m.Version, &m.Publisher, &m.Manifest, &m.Size, created, &m.CreatedBy}
}

// GetModule implements store.Plugins.
func (s *Store) GetModule(ctx context.Context, digest string) (store.ModuleRow, error) {
	absent := fault.New(fault.NotFound, "there is no module %s", digest)
	if !rows.IsText(digest) {
		return store.ModuleRow{}, absent
	}
	var m store.ModuleRow
	var created *time.Time
	var packed []byte
	err := s.row(ctx, "postgres.GetModule", append(moduleFields(&m, &created), &packed),
		"SELECT "+moduleColumns+", wasm FROM plugin_modules WHERE digest = $1", digest)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ModuleRow{}, absent
	}
	if err != nil {
		return store.ModuleRow{}, err
	}
	m.CreatedAt = moment(created)
	if m.Wasm, err = rows.Unpack(packed); err != nil {
		return store.ModuleRow{}, fmt.Errorf("unpacking module %s: %w", digest, err)
	}
	return m, nil
}

// ListModules implements store.Plugins.
func (s *Store) ListModules(ctx context.Context, plugin string) ([]store.ModuleRow, error) {
	if !rows.IsText(plugin) {
		return nil, nil
	}
	var out []store.ModuleRow
	var m store.ModuleRow
	var created *time.Time
	err := s.each(ctx, "postgres.ListModules", "SELECT "+moduleColumns+" FROM plugin_modules WHERE plugin = $1 ORDER BY created_at DESC, digest",
		[]any{plugin}, moduleFields(&m, &created), func() error {
			m.CreatedAt = moment(created)
			out = append(out, m)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SweepModules implements store.Plugins.
func (s *Store) SweepModules(ctx context.Context, before time.Time) (int, error) {
	n, err := s.exec(ctx, "postgres.SweepModules", `DELETE FROM plugin_modules WHERE created_at < $1 AND NOT EXISTS (SELECT FROM plugin_installations
		WHERE plugin_modules.digest IN (current, previous, canary, pending))`, stamp(before))
	return int(n), err
}

// PluginsRevision implements store.Plugins.
func (s *Store) PluginsRevision(ctx context.Context) (uint64, error) {
	var revision uint64
	err := s.row(ctx, "postgres.PluginsRevision", []any{&revision}, "SELECT revision FROM plugin_state WHERE id = 1")
	return revision, err
}

// ListInstallations implements store.Plugins.
func (s *Store) ListInstallations(ctx context.Context) (store.Installations, error) {
	revision, err := s.PluginsRevision(ctx)
	if err != nil {
		return store.Installations{}, err
	}
	out := store.Installations{Revision: revision}
	var i store.InstallationRow
	var created, updated, removed *time.Time
	err = s.each(ctx, "postgres.ListInstallations", `SELECT id, publisher, plugin, current, previous, canary, canary_percent, pending, enabled, reason,
		grants, limits, config, data_schema, data_compatible, migrating, unproven, revision, created_at, updated_at, removed_at
		FROM plugin_installations ORDER BY plugin, id`, nil,
		[]any{
			&i.ID, &i.Publisher, &i.Plugin, &i.Current, &i.Previous, &i.Canary, &i.CanaryPercent, &i.Pending, &i.Enabled, &i.Reason,
			&i.Grants, &i.Limits, &i.Config, &i.DataSchema, &i.DataCompatible, &i.Migrating, &i.Unproven, &i.Revision, &created, &updated, &removed,
		}, func() error {
			i.CreatedAt, i.UpdatedAt, i.RemovedAt = moment(created), moment(updated), moment(removed)
			out.Rows = append(out.Rows, i)
			return nil
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
	err := s.write(ctx, "postgres.SaveInstallation", func(tx pgx.Tx) error {
		query := `UPDATE plugin_installations SET publisher = $2, plugin = $3, current = $4, previous = $5, canary = $6, canary_percent = $7,
			pending = $8, enabled = $9, reason = $10, grants = $11, limits = $12, config = $13, data_schema = $14, data_compatible = $15,
			migrating = $16, unproven = $17, revision = $18, created_at = $19, updated_at = $20, removed_at = $21 WHERE id = $1 AND revision = $18 - 1`
		if row.Revision == 0 {
			query = `INSERT INTO plugin_installations (id, publisher, plugin, current, previous, canary, canary_percent, pending, enabled, reason,
				grants, limits, config, data_schema, data_compatible, migrating, unproven, revision, created_at, updated_at, removed_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`
		}
		// The one row that every writer takes first: revisions become visible in their order.
		if err := moved(ctx, tx, event); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, query, next.ID, next.Publisher, next.Plugin, next.Current, next.Previous, next.Canary, next.CanaryPercent,
			next.Pending, next.Enabled, next.Reason, next.Grants, next.Limits, next.Config, next.DataSchema, next.DataCompatible,
			next.Migrating, next.Unproven, int64(next.Revision), stamp(next.CreatedAt), stamp(next.UpdatedAt), stamp(next.RemovedAt)) //nolint:gosec // a revision is small
		if fault.Is(s.classify(ctx, "", err), fault.Conflict) {
			return rows.StaleInstallation(row.Plugin)
		}
		if err == nil && tag.RowsAffected() == 0 {
			return rows.StaleInstallation(row.Plugin)
		}
		return err
	})
	if err != nil {
		return store.InstallationRow{}, err
	}
	return next, nil
}

// moved moves the revision of all installations and adds the event.
func moved(ctx context.Context, tx pgx.Tx, e store.PluginEvent) error {
	if _, err := tx.Exec(ctx, "UPDATE plugin_state SET revision = revision + 1 WHERE id = 1"); err != nil {
		return err
	}
	e = rows.PluginEvent(e)
	_, err := tx.Exec(ctx, insertEvent, stamp(e.At), e.Plugin, e.Installation, e.Action, e.Subject, e.Version, e.Digest, e.Outcome, e.Message)
	return err
}

const insertEvent = `INSERT INTO plugin_history (at, plugin, installation, action, subject, version, digest, outcome, message)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// PurgeInstallation implements store.Plugins.
func (s *Store) PurgeInstallation(ctx context.Context, id string, revision uint64, event store.PluginEvent) error {
	absent := fault.New(fault.NotFound, "there is no installation %s", id)
	if !rows.IsText(id) {
		return absent
	}
	return s.write(ctx, "postgres.PurgeInstallation", func(tx pgx.Tx) error {
		if err := moved(ctx, tx, event); err != nil {
			return err
		}
		var current uint64
		err := tx.QueryRow(ctx, "SELECT revision FROM plugin_installations WHERE id = $1 FOR UPDATE", id).Scan(&current)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return absent
		case err != nil:
			return err
		case current != revision:
			return rows.StaleInstallation(event.Plugin)
		}
		for _, query := range []string{
			"UPDATE plugin_kv_accounts SET bytes = 0 WHERE installation = $1", // first, as every writer of values
			"DELETE FROM plugin_kv WHERE installation = $1",
			"DELETE FROM plugin_kv_snapshot_rows WHERE installation = $1",
			"DELETE FROM plugin_kv_snapshots WHERE installation = $1",
			"DELETE FROM plugin_installations WHERE id = $1",
		} {
			if _, err := tx.Exec(ctx, query, id); err != nil {
				return err
			}
		}
		q := &pgx.Batch{}
		purgeBlobs(q, id, rows.Moment(s.clock()))
		if err := tx.SendBatch(ctx, q).Close(); err != nil {
			return err
		}
		return ledger.Purge(ctx, ledgerTx{tx}, id)
	})
}

// AddPluginEvent implements store.Plugins.
func (s *Store) AddPluginEvent(ctx context.Context, e store.PluginEvent) error {
	e = rows.PluginEvent(e)
	_, err := s.exec(ctx, "postgres.AddPluginEvent", insertEvent,
		stamp(e.At), e.Plugin, e.Installation, e.Action, e.Subject, e.Version, e.Digest, e.Outcome, e.Message)
	return err
}

// PluginHistory implements store.Plugins.
func (s *Store) PluginHistory(ctx context.Context, plugin string, limit int) ([]store.PluginEvent, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	if !rows.IsText(plugin) {
		return nil, nil
	}
	var out []store.PluginEvent
	var e store.PluginEvent
	var at *time.Time
	err := s.each(ctx, "postgres.PluginHistory", `SELECT id, at, plugin, installation, action, subject, version, digest, outcome, message
		FROM plugin_history WHERE plugin = $1 ORDER BY id DESC LIMIT $2`, []any{plugin, limit},
		[]any{&e.ID, &at, &e.Plugin, &e.Installation, &e.Action, &e.Subject, &e.Version, &e.Digest, &e.Outcome, &e.Message}, func() error {
			e.At = moment(at)
			out = append(out, e)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}
