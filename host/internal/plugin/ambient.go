package plugin

import (
	"context"
	"time"
)

// Ambient is what surrounds a guest beside its door: time, randomness and
// sleep. Together with the answers of the door it is everything by which two
// runs of the same code with the same input can differ. A Door that is an
// Ambient too surrounds its call; without one a guest gets the runtime's. The
// methods run on the goroutine of the guest.
type Ambient interface {
	// Now reads a clock by its number in WASI: 0 is the wall clock in Unix
	// nanoseconds, every other one counts nanoseconds and never goes back.
	Now(clock uint32) int64
	// Random fills p. After an error the guest is told that there is no randomness.
	Random(p []byte) error
	// Sleep waits for d, or until ctx ends.
	Sleep(ctx context.Context, d time.Duration)
}

// Starter is a Module whose start function can be given other surroundings
// than the runtime's.
type Starter interface {
	// NewIn is Module.New within surroundings.
	NewIn(ctx context.Context, around Ambient) (Instance, error)
}
