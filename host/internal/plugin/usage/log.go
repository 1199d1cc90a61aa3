package usage

import "time"

// Call is one call as it is counted.
type Call struct {
	Failed         bool
	Fuel           uint64
	Guest          time.Duration
	Wait           time.Duration
	Paced          time.Duration
	HostCalls      uint64
	EgressRequests uint64
	EgressBytes    uint64
	LogBytes       uint64
	Subject        string    // for whom; empty for nobody
	Operation      Operation // what was called
}

// Operation is what of a plugin was called.
type Operation struct {
	Op     string `json:"op"`               // "http.handle/1"
	Method string `json:"method,omitempty"` // of an HTTP request
	Route  string `json:"route,omitempty"`  // its pattern, never a path
}

// Peak is the most that a single call used, of the last one to two hours.
type Peak struct {
	Fuel, HostCalls, EgressRequests, EgressBytes, LogBytes uint64
}

// era is how long callers, operations and peaks count: they are of the last
// one to two eras.
const era = time.Hour

// shown is how many callers and operations a report names.
const shown = 10

// Log is what one plugin has used. The zero value is empty and of an unknown
// past; it is not safe for concurrent use.
type Log struct {
	second Point // the one that runs
	rings  [3]ring

	now, before chapter
	turned      time.Time
}

// chapter is what is kept of one era.
type chapter struct {
	callers    top[string]
	operations top[Operation]
	peak       Peak
}

// maxSubject bounds what is kept of a caller's name.
const maxSubject = 256

// Add counts a call that ended at now.
func (l *Log) Add(now time.Time, c *Call) {
	p := l.at(now)
	p.Calls++
	if c.Failed {
		p.Errors++
	}
	p.Fuel += c.Fuel
	p.GuestMs += ms(c.Guest)
	p.WaitMs += ms(c.Wait)
	p.PacedMs += ms(c.Paced)
	p.HostCalls += c.HostCalls
	p.EgressRequests += c.EgressRequests
	p.EgressBytes += c.EgressBytes
	p.LogBytes += c.LogBytes

	l.turn(now)
	if len(c.Subject) <= maxSubject {
		l.now.callers.add(c.Subject, c.Guest)
	}
	l.now.operations.add(c.Operation, c.Guest)
	peak := &l.now.peak
	peak.Fuel = max(peak.Fuel, c.Fuel)
	peak.HostCalls = max(peak.HostCalls, c.HostCalls)
	peak.EgressRequests = max(peak.EgressRequests, c.EgressRequests)
	peak.EgressBytes = max(peak.EgressBytes, c.EgressBytes)
	peak.LogBytes = max(peak.LogBytes, c.LogBytes)
}

// Memory notes how much memory the instances hold at now.
func (l *Log) Memory(now time.Time, bytes uint64) {
	p := l.at(now)
	p.MemoryBytes = max(p.MemoryBytes, bytes)
}

// at returns the second that runs at now, after putting an earlier one away.
func (l *Log) at(now time.Time) *Point {
	if second := now.Truncate(time.Second); !l.second.At.Equal(second) {
		l.put()
		l.second = Point{At: second}
	}
	return &l.second
}

func (l *Log) put() {
	if l.second.Calls == 0 && l.second.MemoryBytes == 0 {
		return
	}
	if l.rings[0].length == 0 {
		l.rings = rings()
	}
	for i := range l.rings {
		l.rings[i].add(&l.second)
	}
	l.second = Point{}
}

func (l *Log) turn(now time.Time) {
	switch age := now.Sub(l.turned); {
	case age < era:
		return
	case age < 2*era:
		l.before = l.now
	default:
		l.before = chapter{}
	}
	l.now, l.turned = chapter{}, now
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
