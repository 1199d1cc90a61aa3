package event

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
)

// Bounds of one event and of one publication.
const (
	MaxPayload = 16 << 10
	MaxTopic   = 200
	MaxKey     = 256
	MaxRef     = 512
	MaxEvents  = 100
)

var topicForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}(/[a-z0-9][a-zA-Z0-9._-]*)+$`)

// CheckTopic refuses what is no topic. Fault: Invalid.
func CheckTopic(topic string) error {
	if len(topic) > MaxTopic || !topicForm.MatchString(topic) {
		return fault.New(fault.Invalid, "%.*q is no topic: write <plugin id>/<name>, of letters, digits, dots, - and _, at most %d bytes", MaxTopic, topic, MaxTopic)
	}
	return nil
}

// CheckPattern refuses what is neither a topic nor ends with /* after one or
// after a plugin's id. Fault: Invalid.
func CheckPattern(pattern string) error {
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		return CheckTopic(prefix + "/x")
	}
	return CheckTopic(pattern)
}

// Draft is an event before it is published.
type Draft struct {
	Topic    string
	Key      string
	Ref      string
	Revision uint64
	Payload  []byte
}

// Publication is what a plugin publishes together.
type Publication struct {
	Installation string
	Plugin       string
	Authority    principal.Authority // becomes the cause, for audit only
	CallID       uint64
	Events       []Draft
}

// Cause is what the audit learns about why an event exists. Subscribers see
// who and what, and get no right from it.
type Cause struct {
	Subject string   `json:"subject,omitempty"` // entity ref
	Issuer  string   `json:"issuer,omitempty"`
	ID      string   `json:"id,omitempty"`
	Kind    string   `json:"kind"`
	Mode    string   `json:"mode"`
	Path    []string `json:"path,omitempty"` // plugin@digest, outermost first
	Call    uint64   `json:"call,omitempty"`
}

func causeOf(a principal.Authority, call uint64) ([]byte, error) {
	c := Cause{Subject: a.Subject.Ref, Issuer: a.Subject.Issuer, ID: a.Subject.ID, Kind: a.Subject.Kind.String(), Mode: a.Mode.String(), Call: call}
	for _, actor := range a.Path() {
		c.Path = append(c.Path, actor.Plugin+"@"+actor.Digest)
	}
	return json.Marshal(c)
}

// publisher is what this replica knows of who publishes.
type publisher struct {
	topics []string // patterns that it declared
	tokens float64
	at     time.Time
}

// Publish appends events to the log and returns their ids. All are published,
// or none. Faults: Invalid (a topic, key or payload), Denied (a topic that is
// another plugin's, or that the plugin did not declare), Exhausted (a quota).
func (e *Engine) Publish(ctx context.Context, p Publication) ([]uint64, error) {
	if len(p.Events) == 0 || len(p.Events) > MaxEvents {
		return nil, fault.New(fault.Invalid, "publish from 1 to %d events at once, not %d", MaxEvents, len(p.Events))
	}
	for _, d := range p.Events {
		if err := e.check(p, d); err != nil {
			return nil, err
		}
	}
	if err := e.charge(p.Installation, len(p.Events)); err != nil {
		return nil, e.refused(ctx, p, err)
	}
	cause, err := causeOf(p.Authority, p.CallID)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "encoding the cause of an event")
	}
	rows := make([]store.EventRow, len(p.Events))
	for i, d := range p.Events {
		rows[i] = store.EventRow{
			Topic: d.Topic, Key: d.Key, Installation: p.Installation, Plugin: p.Plugin, Ref: d.Ref, Revision: d.Revision,
			Payload: d.Payload, Cause: cause, At: e.config.Clock(),
		}
	}
	ids, err := e.config.Store.PublishEvents(ctx, store.EventBounds{Events: e.limits.Waiting, Bytes: e.limits.Bytes}, rows)
	if err != nil {
		return nil, e.refused(ctx, p, err)
	}
	e.Nudge()
	return ids, nil
}

func (e *Engine) refused(ctx context.Context, p Publication, err error) error {
	if fault.Is(err, fault.Exhausted) {
		e.config.Audit(ctx, Record{Action: "refused", Plugin: p.Plugin, Subject: p.Authority.Subject.Ref, Topic: p.Events[0].Topic, Message: fault.Message(err)})
	}
	return err
}

func (e *Engine) check(p Publication, d Draft) error {
	if err := CheckTopic(d.Topic); err != nil {
		return err
	}
	if owner, _, _ := strings.Cut(d.Topic, "/"); owner != p.Plugin {
		return fault.New(fault.Denied, "topic %s is plugin %s's: only it publishes there", d.Topic, owner)
	}
	if !e.declared(p.Installation, d.Topic) {
		return fault.New(fault.Denied, "the plugin did not declare topic %s: add it to extensions.events.publish of its plugin.yaml", d.Topic)
	}
	switch {
	case len(d.Payload) > MaxPayload:
		return fault.New(fault.Invalid, "the payload has %d bytes and may have %d: keep it as a blob or an entity, and name it in ref", len(d.Payload), MaxPayload)
	case len(d.Key) > MaxKey:
		return fault.New(fault.Invalid, "the key has %d bytes and may have %d", len(d.Key), MaxKey)
	case len(d.Ref) > MaxRef:
		return fault.New(fault.Invalid, "the ref has %d bytes and may have %d", len(d.Ref), MaxRef)
	}
	return nil
}

func (e *Engine) declared(installation, topic string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.publishers[installation]
	return p != nil && slices.ContainsFunc(p.topics, func(pattern string) bool { return store.TopicMatches(pattern, topic) })
}

// charge takes n events from the publisher's rate on this replica.
func (e *Engine) charge(installation string, n int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.publishers[installation]
	now := e.config.Clock()
	if !p.at.IsZero() {
		p.tokens += now.Sub(p.at).Seconds() * e.limits.Rate
	}
	p.tokens, p.at = min(p.tokens, float64(e.limits.Burst)), now
	if p.tokens < float64(n) {
		return fault.New(fault.Exhausted, "the plugin publishes more than %g events a second: publish %d again in %s, or put several facts into one event",
			e.limits.Rate, n, time.Duration((float64(n)-p.tokens)/e.limits.Rate*float64(time.Second)).Round(time.Millisecond))
	}
	p.tokens -= float64(n)
	return nil
}
