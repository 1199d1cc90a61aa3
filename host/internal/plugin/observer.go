package plugin

import (
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
)

// CallEvent is the outcome of one call.
type CallEvent struct {
	Plugin   ID
	Version  string
	Digest   string // of the code that was called
	Op       abi.Op
	Subject  string // entity ref of whom it was for; "plugin:<id>" for the plugin itself
	Method   string // of an HTTP request
	Route    string // the pattern that matched
	Failed   bool
	Kind     fault.Kind // of the failure
	Crashed  bool
	Wait     time.Duration // for an instance
	Paced    time.Duration // kept waiting so that others may compute, or by its CPU budget
	Duration time.Duration // whole, waiting included
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

// Code names one version of a plugin's code.
type Code struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// SwapEvent is the end of a successful swap or promotion.
type SwapEvent struct {
	Plugin   ID
	From, To Code
}

// RollbackEvent is a return to the former version that the host made by itself.
type RollbackEvent struct {
	Plugin   ID
	From, To Code
	Reason   string
	At       time.Time
}

// WithdrawEvent is the end of a canary that was not promoted.
type WithdrawEvent struct {
	Plugin ID
	Canary Code
	Reason string // empty = the operator withdrew it
}

// VersionObserver is an Observer that also hears which version answers. What
// is said of Observer's methods holds for these.
type VersionObserver interface {
	Swapped(SwapEvent)
	RolledBack(RollbackEvent)
	Withdrawn(WithdrawEvent)
}

// versionObservers passes everything on to each of several observers.
type versionObservers []VersionObserver

func (all versionObservers) swapped(e SwapEvent) {
	for _, o := range all {
		o.Swapped(e)
	}
}

func (all versionObservers) rolledBack(e RollbackEvent) {
	for _, o := range all {
		o.RolledBack(e)
	}
}

func (all versionObservers) withdrawn(e WithdrawEvent) {
	for _, o := range all {
		o.Withdrawn(e)
	}
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
