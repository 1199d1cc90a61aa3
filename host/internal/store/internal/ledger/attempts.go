package ledger

import (
	"context"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// ClaimTask implements store.Tasks.
func (l *Ledger) ClaimTask(ctx context.Context, id, owner string, ttl time.Duration, slots store.TaskSlots) (store.TaskRow, error) {
	var t store.TaskRow
	err := l.write(ctx, "store.ClaimTask", []string{"id", id, "owner", owner}, func(tx Tx) error {
		now := l.now()
		nothing := fault.New(fault.NotFound, "task %s has nothing to run", id)
		row, found, err := task(ctx, tx, "id = ?1", id)
		switch {
		case err != nil:
			return err
		case !found:
			return nothing
		}
		paused, err := account(ctx, tx, row.Installation)
		switch {
		case err != nil:
			return err
		case paused:
			return nothing
		}
		if err := l.slots(ctx, tx, row, slots, now); err != nil {
			return err
		}
		// The row was read before the account was locked: the condition decides.
		n, err := tx.Exec(ctx, `UPDATE plugin_tasks SET state = 'running', owner = ?2, lease_until = ?3, started_at = ?4, attempts = attempts + 1
			WHERE id = ?1 AND (state = 'pending' AND run_at <= ?4 OR state = 'running' AND lease_until <= ?4)`,
			id, owner, now+ttl.Microseconds(), now)
		if err != nil {
			return err
		}
		if n == 0 {
			return nothing
		}
		t, _, err = task(ctx, tx, "id = ?1", id)
		return err
	})
	return t, err
}

// slots counts what runs beside the task.
func (l *Ledger) slots(ctx context.Context, tx Tx, t store.TaskRow, slots store.TaskSlots, now int64) error {
	var plugin, queue int
	_, err := one(ctx, tx, `SELECT count(*), CAST(coalesce(sum(CASE WHEN queue = ?2 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM plugin_tasks
		WHERE installation = ?1 AND state = 'running' AND lease_until > ?3 AND id <> ?4`, []any{t.Installation, t.Queue, now, t.ID}, &plugin, &queue)
	switch {
	case err != nil:
		return err
	case slots.Plugin > 0 && plugin >= slots.Plugin:
		return fault.New(fault.Exhausted, "plugin %s runs %d tasks already", t.Plugin, plugin)
	case slots.Queue > 0 && queue >= slots.Queue:
		return fault.New(fault.Exhausted, "queue %s of plugin %s runs %d tasks already", t.Queue, t.Plugin, queue)
	}
	return nil
}

// held is the condition under which a claim counts, with parameters from ?1 to ?4.
const held = " WHERE id = ?1 AND owner = ?2 AND attempts = ?3 AND state = 'running' AND lease_until > ?4"

func (l *Ledger) holding(c store.TaskClaim, more ...any) []any {
	return append([]any{c.ID, c.Owner, c.Attempt, l.now()}, more...)
}

// mark writes something under a claim and returns when it is cancelled.
func (l *Ledger) mark(ctx context.Context, op string, c store.TaskClaim, set string, more ...any) (time.Time, error) {
	var cancel int64
	err := l.write(ctx, op, []string{"id", c.ID, "owner", c.Owner}, func(tx Tx) error {
		found, err := one(ctx, tx, "UPDATE plugin_tasks SET "+set+held+" RETURNING cancel_at", l.holding(c, more...), &cancel)
		if err == nil && !found {
			err = lost("task " + c.ID)
		}
		return err
	})
	return moment(cancel), err
}

// HoldTask implements store.Tasks.
func (l *Ledger) HoldTask(ctx context.Context, c store.TaskClaim, ttl time.Duration) (time.Time, error) {
	return l.mark(ctx, "store.HoldTask", c, "lease_until = ?5", l.now()+ttl.Microseconds())
}

// NoteTask implements store.Tasks.
func (l *Ledger) NoteTask(ctx context.Context, c store.TaskClaim, n store.TaskNote) (time.Time, error) {
	set, more := "note = CASE WHEN CAST(?5 AS TEXT) = '' THEN note ELSE ?5 END, progress = CASE WHEN CAST(?6 AS BIGINT) < 0 THEN progress ELSE ?6 END",
		[]any{rows.Readable(n.Note), n.Progress}
	if n.Checkpoint != nil {
		set, more = set+", checkpoint = ?7", append(more, n.Checkpoint)
	}
	return l.mark(ctx, "store.NoteTask", c, set, more...)
}

// LogTask implements store.Tasks.
func (l *Ledger) LogTask(ctx context.Context, c store.TaskClaim, lines []store.TaskLine, most int) error {
	return l.write(ctx, "store.LogTask", []string{"id", c.ID, "owner", c.Owner}, func(tx Tx) error {
		var last int
		found, err := one(ctx, tx, "UPDATE plugin_tasks SET lines = lines + ?5"+held+" RETURNING lines", l.holding(c, len(lines)), &last)
		switch {
		case err != nil:
			return err
		case !found:
			return lost("task " + c.ID)
		}
		for i, line := range lines {
			if _, err := tx.Exec(ctx, "INSERT INTO plugin_task_lines (task, seq, at, level, message) VALUES (?1, ?2, ?3, ?4, ?5)",
				c.ID, last-len(lines)+1+i, micros(line.At), rows.Readable(line.Level), rows.Readable(line.Message)); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "DELETE FROM plugin_task_lines WHERE task = ?1 AND seq <= ?2", c.ID, last-most)
		return err
	})
}

// TaskLog implements store.Tasks.
func (l *Ledger) TaskLog(ctx context.Context, id string, after, limit int) ([]store.TaskLine, error) {
	if err := rows.Limit(limit); err != nil || !known(id) {
		return nil, err
	}
	var out []store.TaskLine
	err := l.db.Read(ctx, "store.TaskLog", func(tx Tx) error {
		out = nil
		return tx.Each(ctx, "SELECT seq, at, level, message FROM plugin_task_lines WHERE task = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
			[]any{id, after, limit}, func(scan Scan) error {
				var line store.TaskLine
				var at int64
				err := scan(&line.Seq, &at, &line.Level, &line.Message)
				line.At = moment(at)
				out = append(out, line)
				return err
			})
	})
	return out, err
}

// FinishTask implements store.Tasks.
func (l *Ledger) FinishTask(ctx context.Context, c store.TaskClaim, end store.TaskEnd) error {
	set := "state = ?5, error = ?6, run_at = ?7, keep_until = ?8, owner = '', lease_until = 0"
	more := []any{string(end.State), rows.Readable(end.Error), micros(end.RunAt), micros(end.KeepUntil)}
	if end.State.Final() {
		set += ", ended_at = ?4"
	}
	if end.Refund {
		set += ", attempts = attempts - 1"
	}
	if end.State == store.TaskDone {
		set, more = set+", progress = 100, result = ?9", append(more, end.Result)
	}
	_, err := l.mark(ctx, "store.FinishTask", c, set, more...)
	return err
}
