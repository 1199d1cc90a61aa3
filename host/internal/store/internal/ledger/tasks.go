package ledger

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const (
	taskHead = `id, installation, plugin, queue, name, coalesce(unique_key, ''), subject, blob, priority, max_attempts, timeout, state,
	run_at, attempts, progress, note, error, cancel_at, owner, lease_until, created_at, started_at, ended_at, keep_until`
	taskBody = ", requester, payload, checkpoint, result"
)

func scanTask(scan Scan, whole bool) (store.TaskRow, error) {
	var t store.TaskRow
	var timeout, run, cancel, lease, created, started, ended, keep int64
	into := []any{
		&t.ID, &t.Installation, &t.Plugin, &t.Queue, &t.Name, &t.UniqueKey, &t.Subject, &t.Blob, &t.Priority, &t.MaxAttempts, &timeout, (*string)(&t.State),
		&run, &t.Attempts, &t.Progress, &t.Note, &t.Error, &cancel, &t.Owner, &lease, &created, &started, &ended, &keep,
	}
	if whole {
		into = append(into, &t.Requester, &t.Payload, &t.Checkpoint, &t.Result)
	}
	err := scan(into...)
	t.Timeout = time.Duration(timeout) * time.Microsecond
	t.RunAt, t.CancelAt, t.LeaseUntil = moment(run), moment(cancel), moment(lease)
	t.CreatedAt, t.StartedAt, t.EndedAt, t.KeepUntil = moment(created), moment(started), moment(ended), moment(keep)
	return t, err
}

// task reads one whole task.
func task(ctx context.Context, tx Tx, where string, args ...any) (t store.TaskRow, found bool, err error) {
	err = tx.Each(ctx, "SELECT "+taskHead+taskBody+" FROM plugin_tasks WHERE "+where, args, func(scan Scan) (err error) {
		found = true
		t, err = scanTask(scan, true)
		return err
	})
	return t, found, err
}

// account locks the account of an installation, making it if absent.
func account(ctx context.Context, tx Tx, installation string) (paused bool, err error) {
	var p int64
	_, err = one(ctx, tx, `INSERT INTO plugin_task_accounts AS a (installation, paused) VALUES (?1, 0)
		ON CONFLICT (installation) DO UPDATE SET paused = a.paused RETURNING paused`, []any{installation}, &p)
	return p == 1, err
}

// EnqueueTask implements store.Tasks.
func (l *Ledger) EnqueueTask(ctx context.Context, t store.TaskRow, queued int) (store.TaskRow, bool, error) {
	texts := []string{
		"id", t.ID, "installation", t.Installation, "plugin", t.Plugin, "queue", t.Queue, "name", t.Name, "unique key", t.UniqueKey,
		"subject", t.Subject, "blob", t.Blob,
	}
	added := false
	err := l.write(ctx, "store.EnqueueTask", texts, func(tx Tx) error {
		added = false
		if _, err := account(ctx, tx, t.Installation); err != nil {
			return err
		}
		if t.UniqueKey != "" {
			same, found, err := task(ctx, tx, "installation = ?1 AND unique_key = ?2", t.Installation, t.UniqueKey)
			if err != nil {
				return err
			}
			if found {
				t = same
				return nil
			}
		}
		var waiting int
		if _, err := one(ctx, tx, "SELECT count(*) FROM plugin_tasks WHERE installation = ?1 AND state IN ('pending', 'running')",
			[]any{t.Installation}, &waiting); err != nil {
			return err
		}
		if queued > 0 && waiting >= queued {
			return fault.New(fault.Exhausted, "%d tasks of the plugin wait or run, and %d may: enqueue again when some have ended", waiting, queued)
		}
		t.State, t.CreatedAt, added = store.TaskPending, moment(l.now()), true
		if t.RunAt.IsZero() {
			t.RunAt = t.CreatedAt
		}
		t.RunAt = rows.Moment(t.RunAt)
		if err := insertTask(ctx, tx, t); err != nil || queued <= 0 {
			return err
		}
		return trimTasks(ctx, tx, t.Installation, keptTasks*queued)
	})
	return t, added, err
}

const (
	keptTasks  = 10  // for each task that may wait
	trimAtOnce = 100 // more than one enqueues, so that a lower bound is reached by and by
)

// trimTasks forgets the oldest tasks that have ended where a plugin has more
// than most: a week of them has no bound but what the plugin enqueues.
func trimTasks(ctx context.Context, tx Tx, installation string, most int) error {
	var oldest int64
	over, err := one(ctx, tx, "SELECT created_at FROM plugin_tasks WHERE installation = ?1 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?2",
		[]any{installation, most}, &oldest)
	if err != nil || !over {
		return err
	}
	const doomed = `SELECT id FROM plugin_tasks WHERE installation = ?1 AND created_at <= ?2 AND state IN ('done', 'failed', 'cancelled')
		ORDER BY created_at, id LIMIT ?3`
	for _, query := range []string{"DELETE FROM plugin_task_lines WHERE task IN (" + doomed + ")", "DELETE FROM plugin_tasks WHERE id IN (" + doomed + ")"} {
		if _, err := tx.Exec(ctx, query, installation, oldest, trimAtOnce); err != nil {
			return err
		}
	}
	return nil
}

func insertTask(ctx context.Context, tx Tx, t store.TaskRow) error {
	var unique any
	if t.UniqueKey != "" {
		unique = t.UniqueKey
	}
	_, err := tx.Exec(ctx, `INSERT INTO plugin_tasks (id, installation, plugin, queue, name, unique_key, subject, blob, priority, max_attempts, timeout,
			state, run_at, created_at, requester, payload, attempts, progress, note, error, cancel_at, owner, lease_until, lines, started_at, ended_at, keep_until)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0, 0, '', '', 0, '', 0, 0, 0, 0, 0)`,
		t.ID, t.Installation, t.Plugin, t.Queue, t.Name, unique, t.Subject, t.Blob, t.Priority, t.MaxAttempts, t.Timeout.Microseconds(),
		string(t.State), micros(t.RunAt), micros(t.CreatedAt), t.Requester, t.Payload)
	return err
}

func noTask(id string) error { return fault.New(fault.NotFound, "the plugin has no task %q", id) }

// GetTask implements store.Tasks.
func (l *Ledger) GetTask(ctx context.Context, installation, id string) (store.TaskRow, error) {
	if !known(installation, id) {
		return store.TaskRow{}, noTask(id)
	}
	var t store.TaskRow
	err := l.db.Read(ctx, "store.GetTask", func(tx Tx) error {
		row, found, err := task(ctx, tx, "id = ?1 AND installation = ?2", id, installation)
		if err == nil && !found {
			err = noTask(id)
		}
		t = row
		return err
	})
	return t, err
}

// ListTasks implements store.Tasks.
func (l *Ledger) ListTasks(ctx context.Context, f store.TaskFilter) ([]store.TaskRow, error) {
	if err := rows.Limit(f.Limit); err != nil || !known(f.Installation, f.Queue, f.Subject, f.Before, string(f.State)) {
		return nil, err
	}
	var where []string
	var args []any
	add := func(condition, value string) {
		if value != "" {
			args = append(args, value)
			where = append(where, strings.ReplaceAll(condition, "?", "?"+strconv.Itoa(len(args))))
		}
	}
	add("installation = ?", f.Installation)
	add("queue = ?", f.Queue)
	add("state = ?", string(f.State))
	add("subject = ?", f.Subject)
	add("(created_at, id) < (SELECT created_at, id FROM plugin_tasks WHERE id = ?)", f.Before)
	query := "SELECT " + taskHead + " FROM plugin_tasks"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, f.Limit)
	query += " ORDER BY created_at DESC, id DESC LIMIT ?" + strconv.Itoa(len(args))
	var out []store.TaskRow
	err := l.db.Read(ctx, "store.ListTasks", func(tx Tx) error {
		out = nil
		return tx.Each(ctx, query, args, func(scan Scan) error {
			t, err := scanTask(scan, false)
			out = append(out, t)
			return err
		})
	})
	return out, err
}

// CancelTask implements store.Tasks.
func (l *Ledger) CancelTask(ctx context.Context, installation, id string, deadline, keepUntil time.Time) (store.TaskRow, error) {
	if !known(installation, id) {
		return store.TaskRow{}, noTask(id)
	}
	var t store.TaskRow
	err := l.db.Write(ctx, "store.CancelTask", func(tx Tx) error {
		now := l.now()
		// One that lost its runner ends here as well: nobody is left to end it.
		if _, err := tx.Exec(ctx, `UPDATE plugin_tasks SET state = 'cancelled', ended_at = ?3, cancel_at = ?3, keep_until = ?4, owner = '', lease_until = 0
			WHERE id = ?1 AND installation = ?2 AND (state = 'pending' OR state = 'running' AND lease_until <= ?3)`,
			id, installation, now, micros(keepUntil)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE plugin_tasks SET cancel_at = ?3 WHERE id = ?1 AND installation = ?2 AND state = 'running' AND cancel_at = 0",
			id, installation, micros(deadline)); err != nil {
			return err
		}
		row, found, err := task(ctx, tx, "id = ?1 AND installation = ?2", id, installation)
		if err == nil && !found {
			err = noTask(id)
		}
		t = row
		return err
	})
	return t, err
}

// DueTasks implements store.Tasks.
func (l *Ledger) DueTasks(ctx context.Context, installation string, limit int) ([]store.DueTask, error) {
	if err := rows.Limit(limit); err != nil || !known(installation) {
		return nil, err
	}
	query, args := "", []any{l.now(), limit}
	if installation != "" {
		query, args = " AND t.installation = ?3", append(args, installation)
	}
	var out []store.DueTask
	err := l.db.Read(ctx, "store.DueTasks", func(tx Tx) error {
		out = nil
		return tx.Each(ctx, `SELECT t.id, t.priority FROM plugin_tasks t JOIN plugin_task_accounts a ON a.installation = t.installation
			WHERE a.paused = 0 AND (t.state = 'pending' AND t.run_at <= ?1 OR t.state = 'running' AND t.lease_until <= ?1)`+query+`
			ORDER BY t.priority, t.run_at, t.id LIMIT ?2`, args, func(scan Scan) error {
			var d store.DueTask
			err := scan(&d.ID, &d.Priority)
			out = append(out, d)
			return err
		})
	})
	return out, err
}

// ActivateTasks implements store.Tasks. Accounts that are as they should be are
// not written.
func (l *Ledger) ActivateTasks(ctx context.Context, installations []string) error {
	return l.db.Write(ctx, "store.ActivateTasks", func(tx Tx) error {
		var wrong []string
		err := tx.Each(ctx, "SELECT installation, paused FROM plugin_task_accounts", nil, func(scan Scan) error {
			var installation string
			var paused int64
			err := scan(&installation, &paused)
			if (paused == 1) == slices.Contains(installations, installation) {
				wrong = append(wrong, installation)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, installation := range wrong {
			if _, err := tx.Exec(ctx, "UPDATE plugin_task_accounts SET paused = 1 - paused WHERE installation = ?1", installation); err != nil {
				return err
			}
		}
		return nil
	})
}

// SweepTasks implements store.Tasks.
func (l *Ledger) SweepTasks(ctx context.Context) (int, error) {
	var n int64
	err := l.db.Write(ctx, "store.SweepTasks", func(tx Tx) (err error) {
		const over = "state IN ('done', 'failed', 'cancelled') AND keep_until <= ?1"
		if _, err = tx.Exec(ctx, "DELETE FROM plugin_task_lines WHERE task IN (SELECT id FROM plugin_tasks WHERE "+over+")", l.now()); err != nil {
			return err
		}
		n, err = tx.Exec(ctx, "DELETE FROM plugin_tasks WHERE "+over, l.now())
		return err
	})
	return int(n), err
}
