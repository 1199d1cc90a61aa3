package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of time, written as "30m" or "1h30m", as ISO 8601
// ("PT1H30M", "P1D") or as an object ({hours: 1, minutes: 30}).
type Duration time.Duration

// Std returns the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns the span as time.Duration prints it.
func (d Duration) String() string { return time.Duration(d).String() }

// units are the keys of the object form; months and years are left out of our
// reading because they have no fixed length.
var units = []struct {
	name string
	span time.Duration
}{
	{"weeks", 7 * 24 * time.Hour},
	{"days", 24 * time.Hour},
	{"hours", time.Hour},
	{"minutes", time.Minute},
	{"seconds", time.Second},
	{"milliseconds", time.Millisecond},
}

var (
	errDuration = errors.New("must be a duration")
	isoDuration = regexp.MustCompile(`^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)
	wordedSpan  = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([a-z]+)$`)
)

// spanWords are the unit words that Backstage takes beyond Go's, singular.
func spanWords() map[string]time.Duration {
	return map[string]time.Duration{
		"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour,
		"d": 24 * time.Hour, "day": 24 * time.Hour,
		"h": time.Hour, "hr": time.Hour, "hour": time.Hour,
		"m": time.Minute, "min": time.Minute, "minute": time.Minute,
		"": time.Second, "sec": time.Second, "second": time.Second, // "" is "s" without its plural
		"msec": time.Millisecond, "millisecond": time.Millisecond,
	}
}

func (d *Duration) decodeLeaf(n *node) error {
	var span time.Duration
	var err error
	switch n.kind {
	case kindString:
		span, err = parseDuration(strings.TrimSpace(n.text))
	case kindObject:
		span, err = sumUnits(n)
	default:
		err = fmt.Errorf("%w, got %s without a unit", errDuration, n.kind)
	}
	if err != nil {
		return err
	}
	if span < 0 {
		return fmt.Errorf("%w of zero or more", errDuration)
	}
	*d = Duration(span)
	return nil
}

func parseDuration(text string) (time.Duration, error) {
	if span, err := time.ParseDuration(text); err == nil {
		return span, nil
	}
	if parts := isoDuration.FindStringSubmatch(text); parts != nil && text != "P" && !strings.HasSuffix(text, "T") {
		var total time.Duration
		for i, part := range parts[1:] {
			span, err := scale(part, units[i].span)
			if err != nil {
				return 0, err
			}
			if total += span; total < 0 {
				return 0, fmt.Errorf("%w of less than 290 years", errDuration)
			}
		}
		return total, nil
	}
	if parts := wordedSpan.FindStringSubmatch(strings.ToLower(text)); parts != nil {
		if span, ok := spanWords()[strings.TrimSuffix(parts[2], "s")]; ok {
			return scale(parts[1], span)
		}
	}
	return 0, fmt.Errorf("%w such as 30m, PT30M or {minutes: 30}", errDuration)
}

// scale multiplies a decimal text, "" being zero, by a unit.
func scale(amount string, unit time.Duration) (time.Duration, error) {
	if amount == "" {
		return 0, nil
	}
	f, err := strconv.ParseFloat(amount, 64)
	if err != nil || f < 0 || f*float64(unit) >= math.MaxInt64 {
		return 0, fmt.Errorf("%w of zero or more and less than 290 years", errDuration)
	}
	return time.Duration(f * float64(unit)), nil
}

func sumUnits(n *node) (time.Duration, error) {
	var total time.Duration
	seen := 0
	for _, unit := range units {
		value := n.fields[unit.name]
		if value == nil {
			continue
		}
		seen++
		span, err := scale(value.text, unit.span)
		if err != nil || value.text == "" {
			return 0, fmt.Errorf("%w: %s must be a number of zero or more", errDuration, unit.name)
		}
		if total += span; total < 0 {
			return 0, fmt.Errorf("%w of less than 290 years", errDuration)
		}
	}
	if seen == 0 || seen < len(n.keys) {
		return 0, fmt.Errorf("%w: an object of weeks, days, hours, minutes, seconds, milliseconds", errDuration)
	}
	return total, nil
}

func (*Duration) leafSchema() jsonObject {
	members := jsonObject{}
	for _, unit := range units {
		members[unit.name] = jsonObject{"type": "number", "minimum": 0}
	}
	return jsonObject{"anyOf": []any{
		jsonObject{"type": "string"},
		jsonObject{"type": "object", "properties": members, "additionalProperties": false, "minProperties": 1},
	}}
}
