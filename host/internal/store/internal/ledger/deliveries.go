package ledger

import (
	"context"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const deliveryColumns = eventColumns + ", d.attempts, d.next_at, d.dead, d.error, d.since"

func scanDelivery(scan Scan) (store.Delivery, error) {
	var d store.Delivery
	var at, next, dead, since int64
	err := scan(append(eventFields(&d.Event, &at), &d.Attempts, &next, &dead, &d.Error, &since)...)
	d.Event.At, d.NextAt, d.Dead, d.Since = moment(at), moment(next), dead == 1, moment(since)
	return d, err
}

func (l *Ledger) deliveries(ctx context.Context, op, where string, args ...any) ([]store.Delivery, error) {
	var out []store.Delivery
	err := l.db.Read(ctx, op, func(tx Tx) error {
		out = nil
		return tx.Each(ctx, "SELECT "+deliveryColumns+" FROM event_deliveries d JOIN event_log e ON e.id = d.event WHERE "+where, args,
			func(scan Scan) error {
				d, err := scanDelivery(scan)
				out = append(out, d)
				return err
			})
	})
	return out, err
}

// DueDeliveries implements store.Events.
func (l *Ledger) DueDeliveries(ctx context.Context, installation string, limit int) ([]store.Delivery, error) {
	if err := rows.Limit(limit); err != nil || !known(installation) {
		return nil, err
	}
	return l.deliveries(ctx, "store.DueDeliveries", `d.installation = ?1 AND d.dead = 0 AND d.next_at <= ?2
		AND NOT EXISTS (SELECT 1 FROM event_deliveries f WHERE f.installation = d.installation AND f.dead = 0
			AND f.topic = d.topic AND f.key = d.key AND f.event < d.event)
		ORDER BY d.event LIMIT ?3`, installation, l.now(), limit)
}

// ListDeliveries implements store.Events.
func (l *Ledger) ListDeliveries(ctx context.Context, installation string, dead bool, after uint64, limit int) ([]store.Delivery, error) {
	if err := rows.Limit(limit); err != nil || !known(installation) {
		return nil, err
	}
	return l.deliveries(ctx, "store.ListDeliveries", "d.installation = ?1 AND d.dead = ?2 AND d.event > ?3 ORDER BY d.event LIMIT ?4",
		installation, flag(dead), after, limit)
}

// SettleDeliveries implements store.Events.
func (l *Ledger) SettleDeliveries(ctx context.Context, installation, owner string, list []store.Settlement) error {
	return l.write(ctx, "store.SettleDeliveries", []string{"installation", installation, "owner", owner}, func(tx Tx) error {
		if err := l.own(ctx, tx, installation, owner); err != nil {
			return err
		}
		for _, s := range list {
			if err := settle(ctx, tx, installation, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func settle(ctx context.Context, tx Tx, installation string, s store.Settlement) error {
	if s.Done {
		_, err := tx.Exec(ctx, "DELETE FROM event_deliveries WHERE installation = ?1 AND event = ?2", installation, s.Event)
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE event_deliveries SET attempts = attempts + 1, next_at = ?3, dead = ?4, error = ?5
		WHERE installation = ?1 AND event = ?2`, installation, s.Event, micros(s.RetryAt), flag(s.Dead), rows.Readable(s.Error))
	return err
}

// RedeliverEvents implements store.Events.
func (l *Ledger) RedeliverEvents(ctx context.Context, installation string, event uint64) (int, error) {
	return l.bury(ctx, "store.RedeliverEvents", installation, event,
		"UPDATE event_deliveries SET dead = 0, attempts = 0, next_at = 0 WHERE installation = ?1 AND dead = 1")
}

// DropDeadLetters implements store.Events.
func (l *Ledger) DropDeadLetters(ctx context.Context, installation string, event uint64) (int, error) {
	return l.bury(ctx, "store.DropDeadLetters", installation, event, "DELETE FROM event_deliveries WHERE installation = ?1 AND dead = 1")
}

// bury does something to one dead letter, or to all.
func (l *Ledger) bury(ctx context.Context, op, installation string, event uint64, query string) (int, error) {
	if !known(installation) {
		return 0, fault.New(fault.NotFound, "there is no dead letter")
	}
	var n int64
	err := l.db.Write(ctx, op, func(tx Tx) error {
		args := []any{installation}
		if event != 0 {
			query, args = query+" AND event = ?2", append(args, event)
		}
		var err error
		if n, err = tx.Exec(ctx, query, args...); err == nil && n == 0 && event != 0 {
			err = fault.New(fault.NotFound, "event %d is no dead letter of this plugin", event)
		}
		return err
	})
	return int(n), err
}
