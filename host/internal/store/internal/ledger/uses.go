package ledger

import (
	"context"

	"github.com/callboard/callboard/host/internal/store"
)

// AddUses implements store.Uses.
func (l *Ledger) AddUses(ctx context.Context, uses []store.UseRow, extents []store.ExtentRow) error {
	var texts []string
	for _, u := range uses {
		texts = append(texts, "plugin", u.Plugin, "capability", u.Capability, "operation", u.Operation)
	}
	for _, e := range extents {
		texts = append(texts, "plugin", e.Plugin, "capability", e.Capability, "extent", e.Extent)
	}
	return l.write(ctx, "store.AddUses", texts, func(tx Tx) error {
		for _, u := range uses {
			if _, err := tx.Exec(ctx, `INSERT INTO plugin_uses AS u (plugin, capability, operation, uses, denied, used_at, denied_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
				ON CONFLICT (plugin, capability, operation) DO UPDATE SET uses = u.uses + excluded.uses, denied = u.denied + excluded.denied,
				used_at = CASE WHEN u.used_at < excluded.used_at THEN excluded.used_at ELSE u.used_at END,
				denied_at = CASE WHEN u.denied_at < excluded.denied_at THEN excluded.denied_at ELSE u.denied_at END`,
				u.Plugin, u.Capability, u.Operation, int64(u.Uses), int64(u.Denied), micros(u.UsedAt), micros(u.DeniedAt)); err != nil { //nolint:gosec // counts stay far below
				return err
			}
		}
		for _, e := range extents {
			if _, err := tx.Exec(ctx, `INSERT INTO plugin_extents AS x (plugin, capability, extent, used_at) VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT (plugin, capability, extent) DO UPDATE SET used_at = CASE WHEN x.used_at < excluded.used_at THEN excluded.used_at ELSE x.used_at END`,
				e.Plugin, e.Capability, e.Extent, micros(e.UsedAt)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ListUses implements store.Uses.
func (l *Ledger) ListUses(ctx context.Context, plugin string) (uses []store.UseRow, extents []store.ExtentRow, err error) {
	if !known(plugin) {
		return nil, nil, nil
	}
	err = l.db.Read(ctx, "store.ListUses", func(tx Tx) error {
		err := tx.Each(ctx, "SELECT capability, operation, uses, denied, used_at, denied_at FROM plugin_uses WHERE plugin = ?1 ORDER BY capability, operation",
			[]any{plugin}, func(scan Scan) error {
				u := store.UseRow{Plugin: plugin}
				var used, denied int64
				err := scan(&u.Capability, &u.Operation, &u.Uses, &u.Denied, &used, &denied)
				u.UsedAt, u.DeniedAt = moment(used), moment(denied)
				uses = append(uses, u)
				return err
			})
		if err != nil {
			return err
		}
		return tx.Each(ctx, "SELECT capability, extent, used_at FROM plugin_extents WHERE plugin = ?1 ORDER BY capability, extent", []any{plugin}, func(scan Scan) error {
			e := store.ExtentRow{Plugin: plugin}
			var used int64
			err := scan(&e.Capability, &e.Extent, &used)
			e.UsedAt = moment(used)
			extents = append(extents, e)
			return err
		})
	})
	return uses, extents, err
}

// DropUses implements store.Uses.
func (l *Ledger) DropUses(ctx context.Context, plugin string) error {
	return l.write(ctx, "store.DropUses", []string{"plugin", plugin}, func(tx Tx) error {
		for _, query := range []string{"DELETE FROM plugin_uses WHERE plugin = ?1", "DELETE FROM plugin_extents WHERE plugin = ?1"} {
			if _, err := tx.Exec(ctx, query, plugin); err != nil {
				return err
			}
		}
		return nil
	})
}
