package usage

import "time"

// Point is what a plugin used in one step of time.
type Point struct {
	At             time.Time `json:"at"` // when the step began
	Calls          uint64    `json:"calls"`
	Errors         uint64    `json:"errors"`
	Fuel           uint64    `json:"fuel"`
	GuestMs        float64   `json:"guestMs"`     // inside of the guest
	WaitMs         float64   `json:"waitMs"`      // for an instance
	PacedMs        float64   `json:"pacedMs"`     // so that others may compute
	MemoryBytes    uint64    `json:"memoryBytes"` // of all instances, the most that was seen
	HostCalls      uint64    `json:"hostCalls"`
	EgressRequests uint64    `json:"egressRequests"`
	EgressBytes    uint64    `json:"egressBytes"`
	LogBytes       uint64    `json:"logBytes"`
}

// plus adds what was used in another step of time.
func (p *Point) plus(q *Point) {
	p.Calls += q.Calls
	p.Errors += q.Errors
	p.Fuel += q.Fuel
	p.GuestMs += q.GuestMs
	p.WaitMs += q.WaitMs
	p.PacedMs += q.PacedMs
	p.MemoryBytes = max(p.MemoryBytes, q.MemoryBytes)
	p.HostCalls += q.HostCalls
	p.EgressRequests += q.EgressRequests
	p.EgressBytes += q.EgressBytes
	p.LogBytes += q.LogBytes
}

// ring is a series of a fixed length, by step of time. It takes its memory
// with its first point.
type ring struct {
	step   time.Duration
	length int
	points []Point
}

// rings are the resolutions: two minutes, an hour and a day. A plugin that is
// called takes 85 kB for them.
func rings() [3]ring {
	return [3]ring{{step: time.Second, length: 120}, {step: 10 * time.Second, length: 360}, {step: 5 * time.Minute, length: 288}}
}

func (r *ring) add(p *Point) {
	if r.points == nil {
		r.points = make([]Point, r.length)
	}
	at := p.At.Truncate(r.step)
	slot := &r.points[r.index(at)]
	if !slot.At.Equal(at) {
		*slot = Point{At: at}
	}
	slot.plus(p)
}

func (r *ring) index(at time.Time) int {
	return int(uint64(at.UnixNano()/int64(r.step)) % uint64(r.length)) //nolint:gosec // times after 1970
}

// last returns the points of the window that ends with now, without gaps,
// oldest first.
func (r *ring) last(window time.Duration, now time.Time) []Point {
	n := min(max(int((window+r.step-1)/r.step), 1), r.length)
	out := make([]Point, n)
	at := now.Truncate(r.step).Add(-time.Duration(n-1) * r.step)
	for i := range out {
		out[i].At = at
		if r.points != nil {
			if p := r.points[r.index(at)]; p.At.Equal(at) {
				out[i] = p
			}
		}
		at = at.Add(r.step)
	}
	return out
}
