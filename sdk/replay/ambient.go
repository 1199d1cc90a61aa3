package replay

import (
	"context"
	"math/rand/v2"
	"time"
)

// Ambient is the time and the randomness of a recording, as the host's
// plugin.Ambient. It never waits.
type Ambient struct {
	wall, monotonic readings
	around          Around
	random          *rand.ChaCha8
}

// NewAmbient returns what surrounded a call or a start. at is the wall clock
// where the recording has no reading of it.
func NewAmbient(a Around, at time.Time) *Ambient {
	return &Ambient{around: a, wall: readings{a.Wall, at.UnixNano()}, monotonic: readings{a.Monotonic, 0}}
}

// readings are those of one clock in order. After the last one the clock goes
// on by itself, a little with each reading.
type readings struct {
	rest []int64
	last int64
}

func (r *readings) next() int64 {
	if len(r.rest) > 0 {
		r.last, r.rest = r.rest[0], r.rest[1:]
	} else {
		r.last += int64(time.Microsecond)
	}
	return r.last
}

// Now implements plugin.Ambient.
func (a *Ambient) Now(clock uint32) int64 {
	if clock == 0 {
		return a.wall.next()
	}
	return a.monotonic.next()
}

// Random implements plugin.Ambient.
func (a *Ambient) Random(p []byte) error {
	if a.random == nil {
		a.random = a.around.Generator()
	}
	_, err := a.random.Read(p)
	return err
}

// Sleep implements plugin.Ambient.
func (*Ambient) Sleep(context.Context, time.Duration) {}

// Generator returns the randomness that the seed stands for. A recorder draws
// from it too, so that both sides read the same stream.
func (a *Around) Generator() *rand.ChaCha8 {
	var seed [32]byte
	copy(seed[:], a.Seed)
	return rand.NewChaCha8(seed)
}
