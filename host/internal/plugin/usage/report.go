package usage

import "time"

// Report is what a plugin used within a window of time, ready to be JSON.
type Report struct {
	Step         int64             `json:"step"` // seconds between two points
	Series       []Point           `json:"series"`
	TopCallers   []Caller          `json:"topCallers"`   // of the last one to two hours
	TopRoutes    []Route           `json:"topRoutes"`    // of the last one to two hours
	ErrorsByKind map[string]uint64 `json:"errorsByKind"` // since the host started
	Budget       map[string]Share  `json:"budget"`       // by the name of the limit
}

// Caller is somebody for whom a plugin was called.
type Caller struct {
	Subject string  `json:"subject"` // an entity ref, "plugin:<id>" for a plugin acting for itself, empty for nobody
	Calls   uint64  `json:"calls"`
	GuestMs float64 `json:"guestMs"`
}

// Route is an operation of a plugin, with the route of HTTP requests.
type Route struct {
	Operation
	Calls   uint64  `json:"calls"`
	GuestMs float64 `json:"guestMs"`
}

// Share is how much of a limit is used.
type Share struct {
	Used  float64 `json:"used"`
	Limit float64 `json:"limit"` // 0 = none
}

// Report returns the window that ends at now: in steps of a second up to two
// minutes, of ten seconds up to an hour, of five minutes up to a day. Budget
// and ErrorsByKind are the caller's to fill.
func (l *Log) Report(now time.Time, window time.Duration) Report {
	l.at(now)
	l.turn(now)
	all := rings()
	i := 0
	for i < len(all)-1 && window > all[i].step*time.Duration(all[i].length) {
		i++
	}
	r := &all[i]
	if l.rings[i].length > 0 {
		r = &l.rings[i]
	}
	out := Report{
		Step: int64(r.step / time.Second), Series: r.last(window, now), TopCallers: []Caller{}, TopRoutes: []Route{},
		ErrorsByKind: map[string]uint64{}, Budget: map[string]Share{},
	}
	latest := &out.Series[len(out.Series)-1]
	if l.second.At.Truncate(r.step).Equal(latest.At) { // the second that runs is in no ring yet
		latest.plus(&l.second)
	}
	for _, e := range heaviest(shown, &l.now.callers, &l.before.callers) {
		out.TopCallers = append(out.TopCallers, Caller{e.key, e.calls, ms(e.guest)})
	}
	for _, e := range heaviest(shown, &l.now.operations, &l.before.operations) {
		out.TopRoutes = append(out.TopRoutes, Route{e.key, e.calls, ms(e.guest)})
	}
	return out
}

// Peak returns the most that single calls used.
func (l *Log) Peak(now time.Time) Peak {
	l.turn(now)
	a, b := l.now.peak, l.before.peak
	return Peak{
		max(a.Fuel, b.Fuel), max(a.HostCalls, b.HostCalls), max(a.EgressRequests, b.EgressRequests),
		max(a.EgressBytes, b.EgressBytes), max(a.LogBytes, b.LogBytes),
	}
}

// Processors returns how many processors the guests used on average over the
// last minute.
func (l *Log) Processors(now time.Time) float64 {
	l.at(now)
	if l.rings[0].length == 0 {
		return 0
	}
	var guest float64
	for _, p := range l.rings[0].last(time.Minute, now) {
		guest += p.GuestMs
	}
	return (guest + l.second.GuestMs) / 60_000
}
