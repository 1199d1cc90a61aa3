package plugin

import (
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/usage"
)

// statsWindow is how long durations count: quantiles are of the last one to
// two windows.
const statsWindow = 5 * time.Minute

// Counts are the figures of one plugin.
type Counts struct {
	Calls       uint64
	Errors      uint64
	ErrorsBy    map[fault.Kind]uint64
	Crashes     uint64
	Fuel        uint64        // steps of all calls
	Guest       time.Duration // inside of the guest, of all calls
	Paced       time.Duration // kept waiting so that others may compute, or by the CPU budget
	P50, P99    time.Duration // of the last minutes
	MemoryBytes uint64
	Busy, Idle  int
	CompileTime time.Duration // of the last load

	EgressRequests uint64 // to other servers, redirects included
	EgressBytes    uint64 // of them, both ways
}

// Stats is an Observer that keeps figures in memory for the plugins page.
type Stats struct {
	clock Clock

	mu      sync.RWMutex
	plugins map[ID]*pluginStats
}

type pluginStats struct {
	mu     sync.Mutex
	counts Counts
	now    *histogram // since rotated
	before *histogram
	turned time.Time
	log    usage.Log
}

// NewStats returns empty figures.
func NewStats(clock Clock) *Stats {
	return &Stats{clock: clock, plugins: map[ID]*pluginStats{}}
}

func (s *Stats) of(id ID) *pluginStats {
	s.mu.RLock()
	p := s.plugins[id]
	s.mu.RUnlock()
	if p != nil {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p = s.plugins[id]; p == nil {
		p = &pluginStats{now: &histogram{}, before: &histogram{}, turned: s.clock.Now()}
		p.counts.ErrorsBy = map[fault.Kind]uint64{}
		s.plugins[id] = p
	}
	return p
}

// Called implements Observer.
func (s *Stats) Called(e CallEvent) {
	now, p := s.clock.Now(), s.of(e.Plugin)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Calls++
	p.counts.EgressRequests += uint64(e.Usage.EgressRequests) //nolint:gosec // counts are not negative
	p.counts.EgressBytes += uint64(e.Usage.EgressBytes)       //nolint:gosec // sizes are not negative
	if e.Failed {
		p.counts.Errors++
		p.counts.ErrorsBy[e.Kind]++
	}
	if e.Crashed {
		p.counts.Crashes++
	}
	p.counts.Fuel += e.Fuel
	p.counts.Guest += e.Guest
	p.counts.Paced += e.Paced
	p.turn(now)
	p.now.add(e.Duration)
	p.log.Add(now, &usage.Call{
		Failed: e.Failed, Fuel: e.Fuel, Guest: e.Guest, Wait: e.Wait, Paced: e.Paced,
		HostCalls: uint64(e.Usage.HostCalls), EgressRequests: uint64(e.Usage.EgressRequests), //nolint:gosec // counts are not negative
		EgressBytes: uint64(e.Usage.EgressBytes), LogBytes: uint64(e.Usage.LogBytes), //nolint:gosec // likewise
		Subject: e.Subject, Operation: usage.Operation{Op: e.Op.String(), Method: e.Method, Route: e.Route},
	})
}

// turn forgets durations of more than two windows ago.
func (p *pluginStats) turn(now time.Time) {
	switch age := now.Sub(p.turned); {
	case age < statsWindow:
		return
	case age < 2*statsWindow:
		p.now, p.before = p.before, p.now
	default:
		*p.before = histogram{}
	}
	*p.now = histogram{}
	p.turned = now
}

// Pooled implements Observer.
func (s *Stats) Pooled(e PoolEvent) {
	p := s.of(e.Plugin)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Busy, p.counts.Idle, p.counts.MemoryBytes = e.Busy, e.Idle, e.MemoryBytes
}

// Compiled implements Observer.
func (s *Stats) Compiled(e CompileEvent) {
	p := s.of(e.Plugin)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.CompileTime = e.Duration
}

// Changed implements Observer.
func (s *Stats) Changed(ID, State) {}

// Of returns the figures of a plugin, zero if it was never seen.
func (s *Stats) Of(id ID) Counts {
	now, p := s.clock.Now(), s.of(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now)
	counts := p.counts
	counts.ErrorsBy = make(map[fault.Kind]uint64, len(p.counts.ErrorsBy))
	for k, n := range p.counts.ErrorsBy {
		counts.ErrorsBy[k] = n
	}
	counts.P50 = quantile(0.50, p.now, p.before)
	counts.P99 = quantile(0.99, p.now, p.before)
	return counts
}

// Memory notes what the instances of a plugin hold together.
func (s *Stats) Memory(id ID, bytes uint64) {
	now, p := s.clock.Now(), s.of(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Memory(now, bytes)
}

// Usage returns what a plugin used within the window that ends now, empty if
// it was never seen; see usage.Log. Its budget holds what Stats knows: the
// peaks of single calls and the processors of the last minute, without limits.
func (s *Stats) Usage(id ID, window time.Duration) usage.Report {
	now, p := s.clock.Now(), s.of(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.log.Report(now, window)
	for kind, n := range p.counts.ErrorsBy {
		r.ErrorsByKind[kind.String()] = n
	}
	peak := p.log.Peak(now)
	for name, used := range map[string]float64{
		"cpu": p.log.Processors(now), "fuel": float64(peak.Fuel), "hostCalls": float64(peak.HostCalls),
		"egressRequests": float64(peak.EgressRequests), "egressBytes": float64(peak.EgressBytes), "logBytes": float64(peak.LogBytes),
	} {
		r.Budget[name] = usage.Share{Used: used}
	}
	return r
}

// Forget drops the figures of a plugin that was removed.
func (s *Stats) Forget(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.plugins, id)
}
