package record

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/replay"
)

// Bounds of what is noted of one call. What is larger makes a recording that
// is marked truncated.
const (
	maxTape     = 1 << 20  // bytes of answers, reads and requests
	maxRequest  = 64 << 10 // of one request; of a larger one only the hash is noted
	maxEvents   = 20_000
	maxReadings = 4096 // of one clock
	keepTape    = 128 << 10
)

// tape is what has been noted of one call. Tapes are pooled: a call that
// succeeds leaves no garbage.
type tape struct {
	info      plugin.CallInfo
	ctx       context.Context // of the guest; what it says after an import says whether the call was stopped there
	asked     bool            // to be kept however it ends
	events    []replay.Event
	bytes     []byte // what the events' slices point into
	truncated bool

	around surroundings
}

var tapes = sync.Pool{New: func() any { return new(tape) }}

// wipe empties a tape and gives it back.
func (t *tape) wipe() {
	if cap(t.bytes) > keepTape {
		return
	}
	clear(t.events)
	t.info, t.ctx, t.asked, t.truncated = plugin.CallInfo{}, nil, false, false
	t.events, t.bytes = t.events[:0], t.bytes[:0]
	t.around.wipe()
	tapes.Put(t)
}

// keep copies b onto the tape. Slices of a tape that has grown stay valid.
func (t *tape) keep(b []byte) []byte {
	if len(b) == 0 {
		return []byte{} // nil means that it is not on the tape
	}
	if len(t.bytes)+len(b) > maxTape {
		t.truncated = true
		return nil
	}
	from := len(t.bytes)
	t.bytes = append(t.bytes, b...)
	return t.bytes[from:len(t.bytes):len(t.bytes)]
}

// note adds an event, unless the tape is full. The result is nil then.
func (t *tape) note(kind replay.Kind) *replay.Event {
	if t.truncated || len(t.events) >= maxEvents {
		t.truncated = true
		return nil
	}
	t.events = append(t.events, replay.Event{Kind: kind})
	return &t.events[len(t.events)-1]
}

// stopped reports whether the call is over. The runtime asks the same as soon
// as the import returns, and unwinds the guest there.
func (t *tape) stopped() bool { return t.ctx != nil && t.ctx.Err() != nil }

// surroundings notes the time and randomness of a call or of a start.
type surroundings struct {
	source    *source
	wall      []int64
	monotonic []int64
	cut       bool
	seed      [32]byte
	drawn     bool // seed is set
	generator *rand.ChaCha8
}

// source is where time and randomness come from.
type source struct {
	now     func() time.Time
	random  func(p []byte) error
	started time.Time
}

func (s *surroundings) wipe() {
	s.wall, s.monotonic, s.cut, s.drawn = s.wall[:0], s.monotonic[:0], false, false
	clear(s.seed[:])
}

// Now implements plugin.Ambient.
func (s *surroundings) Now(clock uint32) int64 {
	now, readings := s.source.now(), &s.wall
	reading := now.UnixNano()
	if clock != 0 {
		reading, readings = int64(now.Sub(s.source.started)), &s.monotonic
	}
	if len(*readings) < maxReadings {
		*readings = append(*readings, reading)
	} else {
		s.cut = true
	}
	return reading
}

// Random implements plugin.Ambient: one seed a call, drawn when the guest
// first asks, and a stream from it that a replay can make again.
func (s *surroundings) Random(p []byte) error {
	if !s.drawn {
		if err := s.source.random(s.seed[:]); err != nil {
			return err
		}
		s.drawn = true
		if s.generator == nil {
			s.generator = rand.NewChaCha8(s.seed)
		} else {
			s.generator.Seed(s.seed)
		}
	}
	_, err := s.generator.Read(p)
	return err
}

// Sleep implements plugin.Ambient.
func (*surroundings) Sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// around returns what was noted, in memory of its own.
func (s *surroundings) around() replay.Around {
	a := replay.Around{Cut: s.cut}
	if s.drawn {
		a.Seed = append(a.Seed, s.seed[:]...)
	}
	a.Wall = append(a.Wall, s.wall...)
	a.Monotonic = append(a.Monotonic, s.monotonic...)
	return a
}
