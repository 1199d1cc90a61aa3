// Package clock is the capability to know the time.
//
// Owns: clock.now/1. Does not own: the clock, which the host gives (tests turn a fake one).
// Flow: guest → Session → now. A replayed call gets the recorded time here.
package clock

import (
	"context"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// New returns the table's row.
func New(now func() time.Time) capability.Capability {
	return capability.Capability{
		ID: abi.CapClock, Harmless: true,
		Ops: map[uint32]capability.Operation{
			abi.ClockNow: capability.Plain("clock.now/1", func(context.Context, *capability.Call) (msgp.Marshaler, error) {
				return &contract.ClockAnswer{UnixNano: now().UnixNano()}, nil
			}),
		},
	}
}
