package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// PublishEvents implements store.Events.
func (l *Ledger) PublishEvents(ctx context.Context, bounds store.EventBounds, events []store.EventRow) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	for _, e := range events {
		if err := rows.Text("topic", e.Topic, "key", e.Key, "installation", e.Installation, "plugin", e.Plugin, "ref", e.Ref); err != nil {
			return nil, err
		}
	}
	var ids []uint64
	err := l.db.Write(ctx, "store.PublishEvents", func(tx Tx) error {
		last, err := advance(ctx, tx, len(events))
		if err != nil {
			return err
		}
		if err := l.within(ctx, tx, bounds, events); err != nil {
			return err
		}
		ids, err = l.insert(ctx, tx, last, events)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// advance reserves n ids, and with them the right to publish until the commit.
func advance(ctx context.Context, tx Tx, n int) (last uint64, err error) {
	_, err = one(ctx, tx, "UPDATE event_head SET last = last + ?1 RETURNING last", []any{n}, &last)
	return last - uint64(n), err //nolint:gosec // a length
}

func (l *Ledger) insert(ctx context.Context, tx Tx, last uint64, events []store.EventRow) ([]uint64, error) {
	ids := make([]uint64, len(events))
	for i, e := range events {
		last++
		ids[i] = last
		at := micros(e.At)
		if at == 0 {
			at = l.now()
		}
		if _, err := tx.Exec(ctx, `INSERT INTO event_log (id, topic, key, installation, plugin, ref, revision, at, size, cause, payload)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
			last, e.Topic, e.Key, e.Installation, e.Plugin, e.Ref, e.Revision, at, weight(e), e.Cause, e.Payload); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// weight is what an event counts in bounds and retention, its row included.
func weight(e store.EventRow) int64 {
	return int64(100 + len(e.Topic) + len(e.Key) + len(e.Ref) + len(e.Cause) + len(e.Payload))
}

// within checks what the publisher has waiting. The slowest subscriber that
// listens to one of the topics and is enabled says how much that is.
func (l *Ledger) within(ctx context.Context, tx Tx, bounds store.EventBounds, events []store.EventRow) error {
	publisher := events[0].Installation
	if bounds.Bytes > 0 {
		var size int64
		if _, err := one(ctx, tx, "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM event_log WHERE installation = ?1", []any{publisher}, &size); err != nil {
			return err
		}
		for _, e := range events {
			size += weight(e)
		}
		if size > bounds.Bytes {
			return fault.New(fault.Exhausted, "the stored events of the plugin would take %d bytes and may take %d: publish less, or smaller events", size, bounds.Bytes)
		}
	}
	if bounds.Events <= 0 {
		return nil
	}
	subscriptions, err := listSubscriptions(ctx, tx, "WHERE enabled = 1")
	if err != nil {
		return err
	}
	slowest := -1
	for i, s := range subscriptions {
		listens := slices.ContainsFunc(events, func(e store.EventRow) bool { return hears(s, e.Topic) })
		if listens && (slowest < 0 || s.Cursor < subscriptions[slowest].Cursor) {
			slowest = i
		}
	}
	if slowest < 0 {
		return nil
	}
	var waiting int
	_, err = one(ctx, tx, "SELECT count(*) FROM (SELECT 1 FROM event_log WHERE installation = ?1 AND id > ?2 LIMIT ?3) AS w",
		[]any{publisher, subscriptions[slowest].Cursor, bounds.Events}, &waiting)
	if err != nil {
		return err
	}
	if waiting+len(events) > bounds.Events {
		return fault.New(fault.Exhausted, "%d events of the plugin wait for plugin %s, and %d may: publish again when it has caught up",
			waiting, subscriptions[slowest].Plugin, bounds.Events)
	}
	return nil
}

func hears(s store.SubscriptionRow, topic string) bool {
	return slices.ContainsFunc(s.Topics, func(pattern string) bool { return store.TopicMatches(pattern, topic) })
}

// Announce writes the events of a catalog batch, inside of a backend's
// transaction, if somebody listens.
func (l *Ledger) Announce(ctx context.Context, tx Tx, b store.Batch, revision uint64) error {
	if b.Announce == "" || len(b.Upsert)+len(b.Delete) == 0 {
		return nil
	}
	subscriptions, err := listSubscriptions(ctx, tx, "")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(subscriptions, func(s store.SubscriptionRow) bool { return hears(s, b.Announce) }) {
		return nil
	}
	var events []store.EventRow
	seen := make(map[string]bool, len(b.Upsert)+len(b.Delete))
	add := func(ref string) {
		if !seen[ref] {
			seen[ref] = true
			events = append(events, store.EventRow{
				Topic: b.Announce, Key: ref, Installation: "host", Plugin: "catalog", Ref: ref, Revision: revision,
			})
		}
	}
	for _, e := range b.Upsert {
		add(e.Ref)
	}
	for _, ref := range b.Delete {
		add(ref)
	}
	last, err := advance(ctx, tx, len(events))
	if err != nil {
		return err
	}
	_, err = l.insert(ctx, tx, last, events)
	return err
}

// EventHead implements store.Events.
func (l *Ledger) EventHead(ctx context.Context) (uint64, error) {
	var last uint64
	err := l.db.Read(ctx, "store.EventHead", func(tx Tx) error {
		_, err := one(ctx, tx, "SELECT last FROM event_head", nil, &last)
		return err
	})
	return last, err
}

const eventColumns = "e.id, e.topic, e.key, e.installation, e.plugin, e.ref, e.revision, e.at, e.cause, e.payload"

func eventFields(e *store.EventRow, at *int64) []any {
	return []any{&e.ID, &e.Topic, &e.Key, &e.Installation, &e.Plugin, &e.Ref, &e.Revision, at, &e.Cause, &e.Payload}
}

// SweepEvents implements store.Events.
func (l *Ledger) SweepEvents(ctx context.Context, r store.EventRetention) (int, error) {
	var removed int64
	err := l.db.Write(ctx, "store.SweepEvents", func(tx Tx) error {
		removed = 0
		if _, err := tx.Exec(ctx, "DELETE FROM event_deliveries WHERE dead = 1 AND since < ?1", micros(r.DeadBefore)); err != nil {
			return err
		}
		// What is on its way, or a dead letter, keeps its event until that ends.
		const free = " AND id NOT IN (SELECT event FROM event_deliveries)"
		doomed := map[string]any{"SELECT id FROM event_log WHERE at < ?1" + free: micros(r.Before)}
		if r.Bytes > 0 { // the newest events of each publisher stay, up to so many bytes
			doomed[`SELECT id FROM (SELECT id, sum(size) OVER (PARTITION BY installation ORDER BY id DESC) AS total
				FROM event_log) AS sized WHERE total > ?1`+free] = r.Bytes
		}
		for query, bound := range doomed {
			if err := l.missed(ctx, tx, query, bound); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, "DELETE FROM event_log WHERE id IN ("+query+")", bound)
			if err != nil {
				return err
			}
			removed += n
		}
		return nil
	})
	return int(removed), err
}

// missed counts for each subscription what goes before it was looked at.
func (l *Ledger) missed(ctx context.Context, tx Tx, doomed string, bound any) error {
	subscriptions, err := listSubscriptions(ctx, tx, "")
	if err != nil {
		return err
	}
	for _, s := range subscriptions {
		n := 0
		query := fmt.Sprintf("SELECT topic FROM event_log WHERE id > ?2 AND id IN (%s)", doomed)
		err := tx.Each(ctx, query, []any{bound, s.Cursor}, func(scan Scan) error {
			var topic string
			if err := scan(&topic); err != nil {
				return err
			}
			if hears(s, topic) {
				n++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n > 0 {
			if _, err := tx.Exec(ctx, "UPDATE event_subscriptions SET missed = missed + ?2 WHERE installation = ?1", s.Installation, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func listSubscriptions(ctx context.Context, tx Tx, where string) ([]store.SubscriptionRow, error) {
	var out []store.SubscriptionRow
	err := tx.Each(ctx, `SELECT installation, plugin, topics, enabled, place, missed, owner, lease_until
		FROM event_subscriptions `+where+" ORDER BY installation", nil, func(scan Scan) error {
		var s store.SubscriptionRow
		var topics string
		var enabled, until int64
		if err := scan(&s.Installation, &s.Plugin, &topics, &enabled, &s.Cursor, &s.Missed, &s.Owner, &until); err != nil {
			return err
		}
		s.Enabled, s.LeaseUntil = enabled == 1, moment(until)
		out = append(out, s)
		return json.Unmarshal([]byte(topics), &out[len(out)-1].Topics)
	})
	return out, err
}
