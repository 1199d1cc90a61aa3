package event

import (
	"context"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Publisher appends events to the log; event.Engine is one.
type Publisher interface {
	// Publish publishes all or none and returns the ids. Faults: Invalid,
	// Denied (a topic that is not declared), Exhausted.
	Publish(ctx context.Context, p event.Publication) ([]uint64, error)
}

// New returns the table's row.
func New(publisher Publisher) capability.Capability {
	s := service{publisher}
	return capability.Capability{
		ID: abi.CapEvent, Scope: scopes{},
		Ops: map[uint32]capability.Operation{abi.EventPublish: capability.Op("event.publish/1", s.publish)},
	}
}

type service struct{ publisher Publisher }

func (s service) publish(ctx context.Context, c *capability.Call, q *contract.EventPublishRequest) (msgp.Marshaler, error) {
	p := event.Publication{Installation: c.Installation, Plugin: c.Plugin, Authority: c.Authority, CallID: c.CallID}
	for _, e := range q.Events {
		if owner, _, _ := strings.Cut(e.Topic, "/"); event.CheckTopic(e.Topic) == nil && owner != c.Plugin {
			return nil, &capability.Denial{
				Missing: "event: publish " + e.Topic,
				Why:     "topic " + e.Topic + " belongs to plugin " + owner + ", and only it publishes there; publish under " + c.Plugin + "/…",
			}
		}
		c.Reached(abi.CapEvent, "topic", e.Topic)
		p.Events = append(p.Events, event.Draft{Topic: e.Topic, Key: e.Key, Ref: e.Ref, Revision: e.Revision, Payload: e.Payload})
	}
	ids, err := s.publisher.Publish(ctx, p)
	if fault.Is(err, fault.Denied) {
		return nil, &capability.Denial{Missing: "event: publish " + p.Events[0].Topic, Why: fault.Message(err)}
	}
	if err != nil {
		return nil, err
	}
	return &contract.EventPublishAnswer{IDs: ids}, nil
}
