package contract

//go:generate go tool msgp -io=false

// EventDraft is an event to publish.
type EventDraft struct {
	Topic    string `msg:"t" json:"topic"`              // "<plugin id>/…", declared under extensions.events.publish
	Key      string `msg:"k" json:"key,omitempty"`      // events of one topic and key are delivered in order
	Ref      string `msg:"r" json:"ref,omitempty"`      // what it is about
	Revision uint64 `msg:"v" json:"revision,omitempty"` // of what Ref names
	Payload  []byte `msg:"p" json:"payload,omitempty"`  // at most 16 KiB
}

// EventPublishRequest is the payload of event.publish/1: up to 100 events, all
// published or none.
type EventPublishRequest struct {
	Events []EventDraft `msg:"e,limit=1000" json:"events"`
}

// EventPublishAnswer is the answer to event.publish/1.
type EventPublishAnswer struct {
	IDs []uint64 `msg:"i,limit=1000" json:"ids"` // in the order of the request
}

// Event is the payload of event.on/1: one event, delivered at least once. ID is
// the same each time.
type Event struct {
	ID       uint64 `msg:"i" json:"id"`
	Topic    string `msg:"t" json:"topic"`
	Key      string `msg:"k" json:"key,omitempty"`
	Plugin   string `msg:"g" json:"plugin"` // who published it
	Ref      string `msg:"r" json:"ref,omitempty"`
	Revision uint64 `msg:"v" json:"revision,omitempty"`
	Payload  []byte `msg:"p" json:"payload,omitempty"`
	At       int64  `msg:"a" json:"at"`      // milliseconds of Unix time
	Attempt  int    `msg:"n" json:"attempt"` // 1 for the first try
}

// EventDone is the reply to event.on/1.
type EventDone struct{}
