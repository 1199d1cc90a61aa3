package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const scheduleColumns = "installation, id, plugin, every, cron, enabled, next_at, forced, owner, lease_until, run"

func scanSchedule(scan Scan) (store.ScheduleRow, error) {
	var s store.ScheduleRow
	var every, enabled, next, forced, until int64
	err := scan(&s.Installation, &s.ID, &s.Plugin, &every, &s.Cron, &enabled, &next, &forced, &s.Owner, &until, &s.Run)
	s.Every, s.Enabled, s.NextAt, s.Forced, s.LeaseUntil = time.Duration(every)*time.Microsecond, enabled == 1, moment(next), forced == 1, moment(until)
	return s, err
}

// SaveSchedules implements store.Schedules.
func (l *Ledger) SaveSchedules(ctx context.Context, installation string, list []store.ScheduleRow) error {
	texts := []string{"installation", installation}
	for _, s := range list {
		texts = append(texts, "id", s.ID, "plugin", s.Plugin, "cron", s.Cron)
	}
	return l.write(ctx, "store.SaveSchedules", texts, func(tx Tx) error {
		var ids []string
		err := tx.Each(ctx, "SELECT id FROM plugin_schedules WHERE installation = ?1", []any{installation}, func(scan Scan) error {
			ids = append(ids, "")
			return scan(&ids[len(ids)-1])
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if slices.ContainsFunc(list, func(s store.ScheduleRow) bool { return s.ID == id }) {
				continue
			}
			if _, err := tx.Exec(ctx, "DELETE FROM plugin_schedules WHERE installation = ?1 AND id = ?2", installation, id); err != nil {
				return err
			}
		}
		for _, s := range list {
			if _, err := tx.Exec(ctx, `INSERT INTO plugin_schedules AS s (installation, id, plugin, every, cron, enabled, next_at, forced, owner, lease_until, run)
				VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, '', 0, '')
				ON CONFLICT (installation, id) DO UPDATE SET plugin = excluded.plugin, enabled = excluded.enabled,
					next_at = CASE WHEN s.every = excluded.every AND s.cron = excluded.cron THEN s.next_at ELSE excluded.next_at END,
					every = excluded.every, cron = excluded.cron`,
				installation, s.ID, s.Plugin, s.Every.Microseconds(), s.Cron, flag(s.Enabled), micros(s.NextAt)); err != nil {
				return err
			}
		}
		return nil
	})
}

// EnableSchedules implements store.Schedules.
func (l *Ledger) EnableSchedules(ctx context.Context, installation string, enabled bool) error {
	if !known(installation) {
		return nil
	}
	return l.db.Write(ctx, "store.EnableSchedules", func(tx Tx) error {
		_, err := tx.Exec(ctx, "UPDATE plugin_schedules SET enabled = ?2 WHERE installation = ?1", installation, flag(enabled))
		return err
	})
}

// ListSchedules implements store.Schedules.
func (l *Ledger) ListSchedules(ctx context.Context, installation string) ([]store.ScheduleRow, error) {
	if !known(installation) {
		return nil, nil
	}
	var out []store.ScheduleRow
	err := l.db.Read(ctx, "store.ListSchedules", func(tx Tx) error {
		out = nil
		query, args := "SELECT "+scheduleColumns+" FROM plugin_schedules", []any(nil)
		if installation != "" {
			query, args = query+" WHERE installation = ?1", []any{installation}
		}
		return tx.Each(ctx, query+" ORDER BY installation, id", args, func(scan Scan) error {
			s, err := scanSchedule(scan)
			out = append(out, s)
			return err
		})
	})
	return out, err
}

// ClaimSchedule implements store.Schedules.
func (l *Ledger) ClaimSchedule(ctx context.Context, owner, run string, ttl time.Duration) (store.ScheduleRow, store.ScheduleRun, error) {
	var s store.ScheduleRow
	var r store.ScheduleRun
	err := l.write(ctx, "store.ClaimSchedule", []string{"owner", owner, "run", run}, func(tx Tx) error {
		now := l.now()
		found := false
		err := tx.Each(ctx, "SELECT "+scheduleColumns+` FROM plugin_schedules WHERE enabled = 1 AND next_at <= ?1 AND lease_until <= ?1
			ORDER BY next_at, installation, id LIMIT 1`+l.skipLocked, []any{now}, func(scan Scan) (err error) {
			found = true
			s, err = scanSchedule(scan)
			return err
		})
		if err == nil && !found {
			err = fault.New(fault.NotFound, "no schedule is due")
		}
		if err != nil {
			return err
		}
		r = store.ScheduleRun{
			ID: run, Installation: s.Installation, Schedule: s.ID, Owner: owner, StartedAt: moment(now), Outcome: "running", Trigger: "schedule",
		}
		if s.Forced {
			r.Trigger = "manual"
		}
		if s.Owner != "" { // it was being run when its runner vanished
			r.Trigger = "takeover"
			if _, err := tx.Exec(ctx, `UPDATE plugin_schedule_runs SET outcome = 'lost', ended_at = ?2, error = 'the replica that ran it is gone'
				WHERE id = ?1 AND outcome = 'running'`, s.Run, now); err != nil {
				return err
			}
		}
		s.Owner, s.Run, s.LeaseUntil = owner, run, moment(now+ttl.Microseconds())
		if _, err := tx.Exec(ctx, "UPDATE plugin_schedules SET owner = ?3, run = ?4, lease_until = ?5 WHERE installation = ?1 AND id = ?2",
			s.Installation, s.ID, owner, run, now+ttl.Microseconds()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO plugin_schedule_runs (id, installation, schedule, cause, owner, started_at, ended_at, outcome, error)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 'running', '')`, run, s.Installation, s.ID, r.Trigger, owner, now)
		return err
	})
	return s, r, err
}

// HoldSchedule implements store.Schedules.
func (l *Ledger) HoldSchedule(ctx context.Context, run, owner string, ttl time.Duration) error {
	return l.write(ctx, "store.HoldSchedule", []string{"run", run, "owner", owner}, func(tx Tx) error {
		n, err := tx.Exec(ctx, "UPDATE plugin_schedules SET lease_until = ?3 WHERE run = ?1 AND owner = ?2", run, owner, l.now()+ttl.Microseconds())
		if err == nil && n == 0 {
			err = lost("the run of a schedule, or the schedule is gone")
		}
		return err
	})
}

// FinishSchedule implements store.Schedules.
func (l *Ledger) FinishSchedule(ctx context.Context, run, owner string, end store.ScheduleEnd) error {
	return l.write(ctx, "store.FinishSchedule", []string{"run", run, "owner", owner}, func(tx Tx) error {
		n, err := tx.Exec(ctx, "UPDATE plugin_schedule_runs SET outcome = ?3, error = ?4, ended_at = ?5 WHERE id = ?1 AND owner = ?2 AND outcome = 'running'",
			run, owner, end.Outcome, rows.Readable(end.Error), l.now())
		if err == nil && n == 0 {
			err = lost("the run of a schedule")
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE plugin_schedules SET owner = '', lease_until = 0, forced = 0, next_at = ?3 WHERE run = ?1 AND owner = ?2",
			run, owner, micros(end.NextAt))
		return err
	})
}

// ForceSchedule implements store.Schedules.
func (l *Ledger) ForceSchedule(ctx context.Context, installation, id string) error {
	absent := fault.New(fault.NotFound, "the plugin has no schedule %q", id)
	if !known(installation, id) {
		return absent
	}
	return l.db.Write(ctx, "store.ForceSchedule", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE plugin_schedules SET next_at = ?3, forced = 1
			WHERE installation = ?1 AND id = ?2 AND enabled = 1 AND lease_until <= ?3`, installation, id, l.now())
		if err != nil || n > 0 {
			return err
		}
		var enabled int64
		found, err := one(ctx, tx, "SELECT enabled FROM plugin_schedules WHERE installation = ?1 AND id = ?2", []any{installation, id}, &enabled)
		switch {
		case err != nil:
			return err
		case !found:
			return absent
		case enabled == 0:
			return fault.New(fault.Conflict, "schedule %q is paused, because its plugin is disabled", id)
		}
		return fault.New(fault.Conflict, "schedule %q is running already", id)
	})
}

// ScheduleRuns implements store.Schedules.
func (l *Ledger) ScheduleRuns(ctx context.Context, installation, id string, limit int) ([]store.ScheduleRun, error) {
	if err := rows.Limit(limit); err != nil || !known(installation, id) {
		return nil, err
	}
	var out []store.ScheduleRun
	err := l.db.Read(ctx, "store.ScheduleRuns", func(tx Tx) error {
		out = nil
		return tx.Each(ctx, `SELECT id, installation, schedule, cause, owner, started_at, ended_at, outcome, error FROM plugin_schedule_runs
			WHERE installation = ?1 AND (CAST(?2 AS TEXT) = '' OR schedule = ?2) ORDER BY started_at DESC, id LIMIT ?3`,
			[]any{installation, id, limit}, func(scan Scan) error {
				var r store.ScheduleRun
				var started, ended int64
				err := scan(&r.ID, &r.Installation, &r.Schedule, &r.Trigger, &r.Owner, &started, &ended, &r.Outcome, &r.Error)
				r.StartedAt, r.EndedAt = moment(started), moment(ended)
				out = append(out, r)
				return err
			})
	})
	return out, err
}

// SweepScheduleRuns implements store.Schedules.
func (l *Ledger) SweepScheduleRuns(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := l.db.Write(ctx, "store.SweepScheduleRuns", func(tx Tx) (err error) {
		n, err = tx.Exec(ctx, "DELETE FROM plugin_schedule_runs WHERE outcome <> 'running' AND ended_at < ?1", micros(before))
		return err
	})
	return int(n), err
}
