package sandbox

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
)

// system is the plugin.Ambient of a guest to whose door none belongs.
type system struct {
	now    func() time.Time
	start  time.Time // zero of the monotonic clock
	random io.Reader
}

// System returns the surroundings of the process: its clock, its randomness,
// and sleep by a timer.
func System(now func() time.Time, random io.Reader) plugin.Ambient {
	return system{now: now, start: now(), random: random}
}

// Now implements plugin.Ambient.
func (s system) Now(clock uint32) int64 {
	now := s.now()
	if clock == 0 {
		return now.UnixNano()
	}
	return int64(now.Sub(s.start))
}

// Random implements plugin.Ambient.
func (s system) Random(p []byte) error {
	if _, err := io.ReadFull(s.random, p); err != nil {
		return fmt.Errorf("reading randomness: %w", err)
	}
	return nil
}

// Sleep implements plugin.Ambient.
func (system) Sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
