package job

import (
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// fields is a cron expression of five fields. The library also reads a time
// zone and words such as @every, which a manifest may not use.
var fields = regexp.MustCompile(`^[0-9A-Za-z*/,?-]+( +[0-9A-Za-z*/,?-]+){4}$`)

// MinEvery is the shortest interval of a schedule.
const MinEvery = 10 * time.Second

// parseCron reads a cron expression. Fault: Invalid.
func parseCron(expression string) (cron.Schedule, error) {
	expression = strings.TrimSpace(expression)
	if len(expression) > 200 || !fields.MatchString(expression) {
		return nil, fault.New(fault.Invalid, "cron expression %.200q: write five fields, minute hour day month weekday, in UTC", expression)
	}
	s, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(expression)
	if err != nil {
		return nil, fault.New(fault.Invalid, "cron expression %q: %w", expression, err)
	}
	return s, nil
}

// CheckSchedule refuses a schedule that never runs, or all the time. Fault: Invalid.
func CheckSchedule(s store.ScheduleRow) error {
	switch {
	case (s.Every > 0) == (s.Cron != ""):
		return fault.New(fault.Invalid, "schedule %q needs either every or cron", s.ID)
	case s.Every > 0 && s.Every < MinEvery:
		return fault.New(fault.Invalid, "schedule %q runs every %s, and may every %s", s.ID, s.Every, MinEvery)
	case s.Cron == "":
		return nil
	}
	c, err := parseCron(s.Cron)
	if err != nil {
		return fault.New(fault.Invalid, "schedule %q: %s", s.ID, fault.Message(err))
	}
	if c.Next(time.Unix(0, 0).UTC()).IsZero() {
		return fault.New(fault.Invalid, "schedule %q: the date of %q never comes", s.ID, s.Cron)
	}
	return nil
}

// longestJitter spreads schedules of one interval. Cron expressions are exact
// to the second, for people chose that time.
const longestJitter = time.Minute

// next returns the first time of a schedule after now. chance in [0, 1) makes
// an interval up to a tenth longer, at most a minute.
func next(s store.ScheduleRow, now time.Time, chance float64) time.Time {
	if s.Every > 0 {
		jitter := min(s.Every/10, longestJitter)
		return now.Add(s.Every + time.Duration(chance*float64(jitter)))
	}
	c, err := parseCron(s.Cron)
	if err != nil { // checked when it was saved
		return now.Add(24 * time.Hour)
	}
	at := c.Next(now.UTC())
	if at.IsZero() {
		return now.Add(24 * time.Hour)
	}
	return at
}
