package ledger

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// selection builds the conditions of a query, with its parameters numbered.
type selection struct {
	where []string
	args  []any
}

// add adds a condition; each %d in it is the number of the next argument.
func (s *selection) add(condition string, args ...any) {
	numbers := make([]any, len(args))
	for i, arg := range args {
		s.args = append(s.args, arg)
		numbers[i] = len(s.args)
	}
	s.where = append(s.where, fmt.Sprintf(condition, numbers...))
}

// ListHistory implements store.History.
func (l *Ledger) ListHistory(ctx context.Context, q store.HistoryQuery) ([]store.HistoryRow, error) {
	if err := rows.Limit(q.Limit); err != nil {
		return nil, err
	}
	if !known(q.Ref, q.Owner, q.Kind) {
		return nil, nil
	}
	s := selectionOf(q)
	order, delta := "DESC", "h.delta"
	if q.Oldest {
		order = "ASC"
	}
	if q.NoDeltas {
		delta = "NULL"
	}
	where := ""
	if len(s.where) > 0 {
		where = " WHERE " + strings.Join(s.where, " AND ")
	}
	s.args = append(s.args, q.Limit)
	query := fmt.Sprintf("SELECT %s FROM (SELECT * FROM catalog_history h%s ORDER BY h.id %s LIMIT ?%d) h JOIN catalog_revisions r ON r.revision = h.revision ORDER BY h.id %s",
		historyColumns+", "+delta, where, order, len(s.args), order)
	return l.history(ctx, "store.ListHistory", query, s.args)
}

func selectionOf(q store.HistoryQuery) *selection {
	s := &selection{}
	if q.Ref != "" {
		s.add("h.ref = ?%d", q.Ref)
	}
	if q.Owner != "" {
		s.add("h.owner = ?%d AND h.owner <> ''", q.Owner)
	}
	if q.Kind != "" {
		s.add("h.ref >= ?%d AND h.ref < ?%d", q.Kind+":", q.Kind+";")
	}
	if len(q.Actions) > 0 {
		var numbers []string
		for number, action := range store.Actions {
			for _, wanted := range q.Actions {
				if action == wanted {
					numbers = append(numbers, fmt.Sprint(number))
				}
			}
		}
		s.where = append(s.where, "h.action IN ("+strings.Join(append(numbers, "-1"), ",")+")")
	}
	if !q.Since.IsZero() {
		s.add("h.id >= coalesce((SELECT min(first) FROM catalog_revisions WHERE at >= ?%d), 9223372036854775807)", micros(q.Since))
	}
	switch {
	case q.After == 0:
	case q.Oldest:
		s.add("h.id > ?%d", int64(min(q.After, 1<<63-1))) //nolint:gosec // bounded
	default:
		s.add("h.id < ?%d", int64(min(q.After, 1<<63-1))) //nolint:gosec // bounded
	}
	if q.Newer > 0 {
		s.add("h.revision > ?%d", int64(min(q.Newer, 1<<63-1))) //nolint:gosec // bounded
	}
	if q.UpTo > 0 {
		s.add("h.revision <= ?%d", int64(min(q.UpTo, 1<<63-1))) //nolint:gosec // bounded
	}
	return s
}

const historyColumns = "h.id, h.revision, r.at, h.action, h.cause, h.since, h.ref, h.uid, h.owner, r.causes"

// history reads rows. Causes of one revision are unpacked once as long as its
// rows come one after another.
func (l *Ledger) history(ctx context.Context, op, query string, args []any) ([]store.HistoryRow, error) {
	var out []store.HistoryRow
	var causes rows.Causes
	var of uint64
	err := l.db.Read(ctx, op, func(tx Tx) error {
		return tx.Each(ctx, query, args, func(scan Scan) error {
			var row store.HistoryRow
			var at int64
			var action int
			var cause int32
			var since *int64
			var packed, delta []byte
			if err := scan(&row.ID, &row.Revision, &at, &action, &cause, &since, &row.Ref, &row.UID, &row.Owner, &packed, &delta); err != nil {
				return err
			}
			var err error
			if row.Revision != of {
				if causes, err = rows.ReadCauses(packed); err != nil {
					return fmt.Errorf("unpacking the causes of revision %d: %w", row.Revision, err)
				}
				of = row.Revision
			}
			if row.Cause, err = causes.At(cause); err != nil {
				return fmt.Errorf("revision %d: %w", row.Revision, err)
			}
			if row.Delta, err = rows.Unpack(delta); err != nil {
				return fmt.Errorf("unpacking change %d of %q: %w", row.ID, row.Ref, err)
			}
			if action < len(store.Actions) {
				row.Action = store.Actions[action]
			}
			if since != nil {
				row.Since = uint64(*since) //nolint:gosec // a revision
			}
			row.At = moment(at)
			out = append(out, row)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// LastHistory implements store.History.
func (l *Ledger) LastHistory(ctx context.Context, refs []string) ([]store.HistoryRow, error) {
	var out []store.HistoryRow
	for _, ref := range refs {
		found, err := l.ListHistory(ctx, store.HistoryQuery{Ref: ref, Limit: 1})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// HistoryFloor implements store.History.
func (l *Ledger) HistoryFloor(ctx context.Context) (store.HistoryFloor, error) {
	var f store.HistoryFloor
	var at int64
	err := l.db.Read(ctx, "store.HistoryFloor", func(tx Tx) error {
		_, err := one(ctx, tx, "SELECT floor, floor_at FROM catalog_history_state", nil, &f.Revision, &at)
		return err
	})
	f.At = moment(at)
	return f, err
}

// RevisionAt implements store.History.
func (l *Ledger) RevisionAt(ctx context.Context, at time.Time) (uint64, error) {
	var revision uint64
	err := l.db.Read(ctx, "store.RevisionAt", func(tx Tx) error {
		_, err := one(ctx, tx, `SELECT coalesce((SELECT revision FROM catalog_revisions WHERE at <= ?1 ORDER BY at DESC, revision DESC LIMIT 1), floor)
			FROM catalog_history_state`, []any{micros(at)}, &revision)
		return err
	})
	return revision, err
}

// TakeHistoryTurn implements store.History.
func (l *Ledger) TakeHistoryTurn(ctx context.Context, every time.Duration) (bool, error) {
	var n int64
	err := l.db.Write(ctx, "store.TakeHistoryTurn", func(tx Tx) (err error) {
		now := l.now()
		n, err = tx.Exec(ctx, "UPDATE catalog_history_state SET turn_at = ?1 WHERE turn_at <= ?2", now, now-every.Microseconds())
		return err
	})
	return n > 0, err
}

// PruneHistory implements store.History.
func (l *Ledger) PruneHistory(ctx context.Context, r store.HistoryRetention) (store.Pruned, error) {
	if err := rows.Limit(r.Limit); err != nil {
		return store.Pruned{}, err
	}
	if !known(r.After) {
		r.After = ""
	}
	var out store.Pruned
	err := l.db.Write(ctx, "store.PruneHistory", func(tx Tx) error {
		// Readers of an entity's past look at rows and floor in two statements;
		// the floor is raised in the transaction that removes the rows.
		old, err := pruneOld(ctx, tx, r)
		if err != nil {
			return err
		}
		out.Removed, out.More = old, old == r.Limit
		if r.MaxPerEntity <= 0 {
			return nil
		}
		crowded, last, err := pruneCrowded(ctx, tx, r)
		if err != nil {
			return err
		}
		out.Removed, out.After = out.Removed+crowded, last
		out.More = out.More || last != ""
		return nil
	})
	if err != nil {
		return store.Pruned{}, err
	}
	return out, nil
}

// pruneOld removes the oldest changes that were written before a moment, and
// raises the floor to the last of them.
func pruneOld(ctx context.Context, tx Tx, r store.HistoryRetention) (int, error) {
	if r.Before.IsZero() {
		return 0, nil
	}
	var end, revision, at int64
	found, err := one(ctx, tx, `SELECT h.id, h.revision, r.at FROM (SELECT id, revision FROM catalog_history
		WHERE id < coalesce((SELECT min(first) FROM catalog_revisions WHERE at >= ?1), 9223372036854775807)
		ORDER BY id LIMIT ?2) h JOIN catalog_revisions r ON r.revision = h.revision ORDER BY h.id DESC LIMIT 1`,
		[]any{micros(r.Before), r.Limit}, &end, &revision, &at)
	if err != nil || !found {
		return 0, err
	}
	removed, err := tx.Exec(ctx, "DELETE FROM catalog_history WHERE id <= ?1", end)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "UPDATE catalog_history_state SET floor = ?1, floor_at = ?2 WHERE floor < ?1", revision, at); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, "DELETE FROM catalog_revisions WHERE revision < coalesce((SELECT revision FROM catalog_history ORDER BY id LIMIT 1), ?1 + 1)", revision)
	return int(removed), err
}

// pruneCrowded looks at some entities and removes the oldest changes of those
// that have too many. It returns the ref of the last entity that it looked at,
// empty when there are no more.
func pruneCrowded(ctx context.Context, tx Tx, r store.HistoryRetention) (removed int, last string, err error) {
	type crowd struct {
		ref  string
		rows int
	}
	var found []crowd
	err = tx.Each(ctx, "SELECT ref, count(*) FROM catalog_history WHERE ref > ?1 GROUP BY ref ORDER BY ref LIMIT ?2",
		[]any{r.After, r.Limit}, func(scan Scan) error {
			var c crowd
			err := scan(&c.ref, &c.rows)
			found = append(found, c)
			return err
		})
	if err != nil {
		return 0, "", err
	}
	for _, c := range found {
		if surplus := min(c.rows-r.MaxPerEntity, r.Limit-removed); surplus > 0 {
			n, err := pruneEntity(ctx, tx, c.ref, surplus)
			if err != nil {
				return 0, "", err
			}
			if removed += n; removed >= r.Limit {
				return removed, cmp.Or(last, r.After, "\x01"), nil // the next step looks at this one again
			}
		}
		last = c.ref
	}
	if len(found) < r.Limit {
		last = ""
	}
	return removed, last, nil
}

// pruneEntity removes the n oldest changes of an entity and notes in the next
// one from when on it is known what was before.
func pruneEntity(ctx context.Context, tx Tx, ref string, n int) (int, error) {
	var id, revision int64
	found, err := one(ctx, tx, "SELECT id, revision FROM catalog_history WHERE ref = ?1 ORDER BY id LIMIT 1 OFFSET ?2", []any{ref, n - 1}, &id, &revision)
	if err != nil || !found {
		return 0, err
	}
	removed, err := tx.Exec(ctx, "DELETE FROM catalog_history WHERE ref = ?1 AND id <= ?2", ref, id)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE catalog_history SET since = ?3
		WHERE id = (SELECT min(id) FROM catalog_history WHERE ref = ?1 AND id > ?2)`, ref, id, revision)
	return int(removed), err
}
