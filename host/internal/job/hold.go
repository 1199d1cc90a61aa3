package job

import (
	"context"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// holding does something and renews the claim on it meanwhile. A claim that is
// lost ends it: another replica does it by now.
func holding(ctx context.Context, every time.Duration, renew, do func(ctx context.Context) error) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		beat := time.NewTicker(every)
		defer beat.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-beat.C:
				if err := renew(ctx); fault.Is(err, fault.Conflict) {
					cancel(err)
					return
				}
			}
		}
	}()
	defer func() { close(done); <-ended }()
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Internal, "%v", r)
		}
	}()
	return do(ctx)
}

// maxReason bounds what is kept of an error.
const maxReason = 1000

// reason is what operators and the plugin's users read of an error.
func reason(err error) string {
	text := fault.Message(err)
	if fault.Is(err, fault.Internal) {
		text = err.Error()
	}
	if len(text) > maxReason {
		text = text[:maxReason] + "…"
	}
	return text
}
