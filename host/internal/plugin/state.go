package plugin

// State is where a plugin is in its life:
// discovered → verified → compiled → granted → running → draining → stopped | failed.
type State string

// The states.
const (
	Discovered State = "discovered" // installed; nothing checked yet
	Verified   State = "verified"   // digest and identity are right; loaded at its first call
	Compiled   State = "compiled"   // machine code is there
	Granted    State = "granted"    // its requests are granted; no call has been answered yet
	Running    State = "running"    // answers calls
	Draining   State = "draining"   // answers the calls in progress, takes no more
	Stopped    State = "stopped"
	Failed     State = "failed" // does not load, or keeps crashing; see the error
)
