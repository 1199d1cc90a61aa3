package plugin

import (
	"time"

	"github.com/callboard/callboard/host/internal/plugin/usage"
	"github.com/callboard/callboard/sdk/abi"
)

// Usage returns what a plugin used within the window that ends now, and how
// near it came to its limits: of a moment for memoryBytes (of the largest
// instance), instances and queue, of the last minute for cpu (processors), and
// of the costliest single call of the last hours for the rest. The limit of
// fuel is that of http.handle/1. Faults: NotFound.
func (r *Registry) Usage(id ID, window time.Duration) (usage.Report, error) {
	s, err := r.find(id)
	if err != nil {
		return usage.Report{}, err
	}
	out := r.deps.Stats.Usage(id, window)
	v := s.route.Load().current
	l := v.limits
	for name, limit := range map[string]float64{
		"cpu": l.CPU, "fuel": float64(l.FuelFor(abi.OpHTTPHandle)), "hostCalls": float64(l.HostCalls),
		"egressRequests": float64(l.EgressRequests), "egressBytes": float64(l.EgressBytes), "logBytes": float64(l.LogBytes),
	} {
		out.Budget[name] = usage.Share{Used: out.Budget[name].Used, Limit: limit}
	}
	var now PoolEvent
	var largest uint64
	v.mu.Lock()
	p := v.pool
	v.mu.Unlock()
	if p != nil {
		now, largest = p.event(), p.largest()
	}
	out.Budget["memoryBytes"] = usage.Share{Used: float64(largest), Limit: float64(l.MemoryBytes)}
	out.Budget["instances"] = usage.Share{Used: float64(now.Busy), Limit: float64(l.Instances)}
	out.Budget["queue"] = usage.Share{Used: float64(now.Waiting), Limit: float64(l.Queue)}
	return out, nil
}

// largest returns the memory of the largest instance, as of its latest call.
func (p *pool) largest() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var most uint64
	for _, list := range [][]*guest{p.idle, p.busy} {
		for _, g := range list {
			most = max(most, g.memory)
		}
	}
	return most
}
