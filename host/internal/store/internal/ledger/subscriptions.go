package ledger

import (
	"context"
	"encoding/json"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// SaveSubscription implements store.Events.
func (l *Ledger) SaveSubscription(ctx context.Context, s store.SubscriptionRow) error {
	topics, err := json.Marshal(s.Topics)
	if err != nil {
		return err
	}
	return l.write(ctx, "store.SaveSubscription", []string{"installation", s.Installation, "plugin", s.Plugin, "topics", string(topics)}, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO event_subscriptions AS s (installation, plugin, topics, enabled, place, missed, owner, lease_until)
			SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS BIGINT), last, 0, '', 0 FROM event_head WHERE id = 1
			ON CONFLICT (installation) DO UPDATE SET plugin = excluded.plugin, topics = excluded.topics, enabled = excluded.enabled`,
			s.Installation, s.Plugin, string(topics), flag(s.Enabled))
		return err
	})
}

// DeleteSubscription implements store.Events.
func (l *Ledger) DeleteSubscription(ctx context.Context, installation string) error {
	if !known(installation) {
		return nil
	}
	return l.db.Write(ctx, "store.DeleteSubscription", func(tx Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM event_deliveries WHERE installation = ?1", installation); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM event_subscriptions WHERE installation = ?1", installation)
		return err
	})
}

// ListSubscriptions implements store.Events.
func (l *Ledger) ListSubscriptions(ctx context.Context) ([]store.SubscriptionRow, error) {
	var out []store.SubscriptionRow
	err := l.db.Read(ctx, "store.ListSubscriptions", func(tx Tx) error {
		var err error
		if out, err = listSubscriptions(ctx, tx, ""); err != nil {
			return err
		}
		at := make(map[string]int, len(out))
		for i, s := range out {
			at[s.Installation] = i
		}
		return tx.Each(ctx, "SELECT installation, dead, count(*), min(next_at) FROM event_deliveries GROUP BY installation, dead", nil, func(scan Scan) error {
			var installation string
			var dead, n int
			var due int64
			if err := scan(&installation, &dead, &n, &due); err != nil {
				return err
			}
			switch i, ok := at[installation]; {
			case ok && dead == 1:
				out[i].Dead = n
			case ok:
				out[i].Pending, out[i].DueAt = n, moment(due)
			}
			return nil
		})
	})
	return out, err
}

// ClaimSubscription implements store.Events.
func (l *Ledger) ClaimSubscription(ctx context.Context, installation, owner string, ttl time.Duration) error {
	return l.write(ctx, "store.ClaimSubscription", []string{"installation", installation, "owner", owner}, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE event_subscriptions SET owner = ?2, lease_until = ?3
			WHERE installation = ?1 AND enabled = 1 AND (owner = ?2 OR lease_until <= ?4)`,
			installation, owner, l.now()+ttl.Microseconds(), l.now())
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "another replica delivers to installation %s, or it is paused", installation)
		}
		return err
	})
}

// ReleaseSubscription implements store.Events.
func (l *Ledger) ReleaseSubscription(ctx context.Context, installation, owner string) error {
	if !known(installation, owner) {
		return nil
	}
	return l.db.Write(ctx, "store.ReleaseSubscription", func(tx Tx) error {
		_, err := tx.Exec(ctx, "UPDATE event_subscriptions SET owner = '', lease_until = 0 WHERE installation = ?1 AND owner = ?2", installation, owner)
		return err
	})
}

// own locks the subscription for a transaction of its claim's holder.
func (l *Ledger) own(ctx context.Context, tx Tx, installation, owner string) error {
	n, err := tx.Exec(ctx, "UPDATE event_subscriptions SET owner = owner WHERE installation = ?1 AND owner = ?2 AND lease_until > ?3",
		installation, owner, l.now())
	if err == nil && n == 0 {
		err = lost("the subscription of installation " + installation)
	}
	return err
}

// admitted is how many events one transaction looks at.
const admitted = 500

// AdmitEvents implements store.Events.
func (l *Ledger) AdmitEvents(ctx context.Context, installation, owner string, window int) (bool, error) {
	looked := false
	err := l.write(ctx, "store.AdmitEvents", []string{"installation", installation, "owner", owner}, func(tx Tx) error {
		looked = false
		if err := l.own(ctx, tx, installation, owner); err != nil {
			return err
		}
		s, room, err := l.room(ctx, tx, installation, window)
		if err != nil || room <= 0 {
			return err
		}
		type passed struct {
			id         uint64
			topic, key string
		}
		var events []passed
		err = tx.Each(ctx, "SELECT id, topic, key FROM event_log WHERE id > ?1 ORDER BY id LIMIT ?2", []any{s.Cursor, admitted}, func(scan Scan) error {
			var e passed
			events = append(events, e)
			last := &events[len(events)-1]
			return scan(&last.id, &last.topic, &last.key)
		})
		if err != nil {
			return err
		}
		for _, e := range events {
			if hears(s, e.topic) {
				if room == 0 {
					break
				}
				room--
				if _, err := tx.Exec(ctx, `INSERT INTO event_deliveries (installation, event, topic, key, dead, attempts, next_at, since, error)
					VALUES (?1, ?2, ?3, ?4, 0, 0, 0, ?5, '') ON CONFLICT (installation, event) DO NOTHING`,
					installation, e.id, e.topic, e.key, l.now()); err != nil {
					return err
				}
			}
			s.Cursor, looked = e.id, true
		}
		if !looked {
			return nil
		}
		_, err = tx.Exec(ctx, "UPDATE event_subscriptions SET place = ?2 WHERE installation = ?1", installation, s.Cursor)
		return err
	})
	return looked, err
}

// room returns the subscription and how many deliveries may be added to it.
func (l *Ledger) room(ctx context.Context, tx Tx, installation string, window int) (store.SubscriptionRow, int, error) {
	var s store.SubscriptionRow
	var topics string
	var waiting int
	if _, err := one(ctx, tx, "SELECT topics, place FROM event_subscriptions WHERE installation = ?1", []any{installation}, &topics, &s.Cursor); err != nil {
		return s, 0, err
	}
	if err := json.Unmarshal([]byte(topics), &s.Topics); err != nil {
		return s, 0, err
	}
	_, err := one(ctx, tx, "SELECT count(*) FROM event_deliveries WHERE installation = ?1 AND dead = 0", []any{installation}, &waiting)
	return s, window - waiting, err
}

// ReplayEvents implements store.Events.
func (l *Ledger) ReplayEvents(ctx context.Context, installation string, from uint64) error {
	if from == 0 {
		from = 1
	}
	absent := fault.New(fault.NotFound, "installation %s listens to nothing", installation)
	if !rows.IsText(installation) {
		return absent
	}
	return l.db.Write(ctx, "store.ReplayEvents", func(tx Tx) error {
		var place uint64
		found, err := one(ctx, tx, "SELECT place FROM event_subscriptions WHERE installation = ?1", []any{installation}, &place)
		switch {
		case err != nil:
			return err
		case !found:
			return absent
		case place < from:
			return fault.New(fault.Invalid, "event %d is still to come: the subscriber has seen events up to %d", from, place)
		}
		_, err = tx.Exec(ctx, "UPDATE event_subscriptions SET place = ?2 WHERE installation = ?1 AND place > ?2", installation, from-1)
		return err
	})
}
