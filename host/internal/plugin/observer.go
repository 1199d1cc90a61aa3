package plugin

import (
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
)

// CallEvent is the outcome of one call.
type CallEvent struct {
	Plugin   ID
	Op       abi.Op
	Failed   bool
	Kind     fault.Kind // of the failure
	Crashed  bool
	Wait     time.Duration // for an instance
	Duration time.Duration // whole, wait included
	Guest    time.Duration // inside of the guest, without its host calls
	Fuel     uint64        // steps of the guest; 0 if it is not metered
	Usage    Usage
}

// PoolEvent is the state of a plugin's instances after one came or went.
type PoolEvent struct {
	Plugin      ID
	Busy, Idle  int
	Waiting     int    // calls in the queue
	MemoryBytes uint64 // of all instances
}

// CompileEvent is the end of a load.
type CompileEvent struct {
	Plugin   ID
	Duration time.Duration
	Failed   bool
}

// Observer sees what the registry does, for metrics. The methods are called
// from many goroutines, must not block and must not call the registry.
type Observer interface {
	Called(CallEvent)
	Pooled(PoolEvent)
	Compiled(CompileEvent)
	Changed(id ID, state State)
}

// Observers passes everything on to each of several observers.
type Observers []Observer

// Called implements Observer.
func (all Observers) Called(e CallEvent) {
	for _, o := range all {
		o.Called(e)
	}
}

// Pooled implements Observer.
func (all Observers) Pooled(e PoolEvent) {
	for _, o := range all {
		o.Pooled(e)
	}
}

// Compiled implements Observer.
func (all Observers) Compiled(e CompileEvent) {
	for _, o := range all {
		o.Compiled(e)
	}
}

// Changed implements Observer.
func (all Observers) Changed(id ID, state State) {
	for _, o := range all {
		o.Changed(id, state)
	}
}
