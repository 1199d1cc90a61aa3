package wasm

import (
	"context"
	"fmt"
	"io"
	"time"
)

// system is the plugin.Ambient of a guest to whose door none belongs.
type system struct{ loader *Loader }

// Now implements plugin.Ambient.
func (s system) Now(clock uint32) int64 {
	now := s.loader.cfg.Now()
	if clock == 0 {
		return now.UnixNano()
	}
	return int64(now.Sub(s.loader.start))
}

// Random implements plugin.Ambient.
func (s system) Random(p []byte) error {
	if _, err := io.ReadFull(s.loader.cfg.Random, p); err != nil {
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
