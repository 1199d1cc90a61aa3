package sdk

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// EventHandlers maps what plugin.yaml lists under extensions.events.subscribe,
// topics or "prefix/*", to functions. A topic is handled by its own handler, or
// by that of the longest prefix.
type EventHandlers map[string]EventHandler

// EventHandler handles one event, with the plugin's own rights. An event may
// come more than once, with the same ID. After an error it comes again, later
// and later, until it becomes a dead letter that operators see.
type EventHandler func(ctx context.Context, e *Event) error

// Event is something that happened. It says what it is about; read Ref with
// your own rights to learn what became of it.
type Event struct {
	ID       uint64 // the same at each try: remember it to do the work once
	Topic    string
	Key      string // events of one topic and key come in order
	Plugin   string // who published it
	Ref      string
	Revision uint64
	Payload  []byte
	At       time.Time
	Attempt  int // 1 for the first try
}

// Decode reads a payload that is JSON.
func (e *Event) Decode(v any) error {
	if err := json.Unmarshal(e.Payload, v); err != nil {
		return Errorf(CodeInvalid, "the payload of event %d of %s is not what was expected: %w", e.ID, e.Topic, err)
	}
	return nil
}

// EventDraft is an event to publish.
type EventDraft struct {
	Topic    string // "<plugin id>/…", declared under extensions.events.publish
	Key      string // events of one topic and key are delivered in order
	Ref      string // what it is about, such as an entity ref
	Revision uint64 // of what Ref names
	Payload  []byte // at most 16 KiB
}

// Events publishes events of this plugin.
type Events struct{ call *call }

var opEventPublish = operation{abi.CapEvent, abi.EventPublish, "event.publish/1"}

// Publish publishes up to 100 events, all or none, and returns their ids. They
// are kept for a week and delivered at least once to every plugin that listens.
func (e Events) Publish(events ...EventDraft) ([]uint64, error) {
	q := contract.EventPublishRequest{Events: make([]contract.EventDraft, len(events))}
	for i, d := range events {
		q.Events[i] = contract.EventDraft(d)
	}
	var a contract.EventPublishAnswer
	if err := e.call.do(opEventPublish, &q, &a); err != nil {
		return nil, err
	}
	return a.IDs, nil
}

// handler finds who handles a topic.
func (h EventHandlers) handler(topic string) EventHandler {
	if exact := h[topic]; exact != nil {
		return exact
	}
	for end := strings.LastIndexByte(topic, '/'); end > 0; end = strings.LastIndexByte(topic[:end], '/') {
		if below := h[topic[:end]+"/*"]; below != nil {
			return below
		}
	}
	return nil
}

// event answers event.on/1.
func (g *Guest) event(c *call, payload []byte) []byte {
	var e contract.Event
	if _, err := e.UnmarshalMsg(payload); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the event: %w", err))
	}
	handle := g.plugin.Events.handler(e.Topic)
	if handle == nil {
		return g.fail(NotFound("topic %q is not handled by this plugin", e.Topic))
	}
	if err := handle(c, &Event{
		ID: e.ID, Topic: e.Topic, Key: e.Key, Plugin: e.Plugin, Ref: e.Ref, Revision: e.Revision, Payload: e.Payload,
		At: time.UnixMilli(e.At), Attempt: e.Attempt,
	}); err != nil {
		return g.fail(err)
	}
	return g.succeed(&contract.EventDone{})
}
