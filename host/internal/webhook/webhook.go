package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// remembered is how long a delivery is known, so that sending it again does
// nothing. Afterwards it makes the catalog look again at what it names, which
// is harmless.
const remembered = 24 * time.Hour

// seen is the namespace of deliveries in the store's key-value table. No
// installation of a plugin has the name.
const seen = "host:webhooks"

// Topic is a kind of source host that may send, and its secrets. With several,
// any one signs: secrets are replaced without a gap.
type Topic struct {
	Name    string // one of Topics
	Secrets []string
}

// Topics are the names that a Topic may have.
func Topics() []string { return []string{"github", "gitea", "gitlab"} }

// Notice is what a delivery says.
type Notice struct {
	Topic    string       `json:"topic"`
	Event    string       `json:"event"`              // as the host names it: "push", "repository"
	Delivery string       `json:"delivery,omitempty"` // the host's id of it
	Push     *source.Push `json:"push,omitempty"`     // nil = it tells of nothing that the catalog reads
}

// Config is what Hooks need.
type Config struct {
	Topics []Topic
	Seen   store.KV
	// Pushed makes the catalog look again. A fault lets the sender try again.
	Pushed func(ctx context.Context, n Notice) error
	// Publish tells plugins; what goes wrong is its own to report.
	Publish func(ctx context.Context, n Notice)
	Now     func() time.Time
	Log     *slog.Logger
}

// Hooks takes deliveries. It is safe for concurrent use.
type Hooks struct{ config Config }

// New returns Hooks. Fault: Invalid (a topic that is none, or has no secret).
func New(c Config) (*Hooks, error) {
	for _, t := range c.Topics {
		if !slices.Contains(Topics(), t.Name) {
			return nil, fault.New(fault.Invalid, "events.http.topics: %q is no topic; topics are %s", t.Name, strings.Join(Topics(), ", "))
		}
		if len(t.Secrets) == 0 || slices.Contains(t.Secrets, "") {
			return nil, fault.New(fault.Invalid, "events.http.topics has %s, and events.modules.%s.webhookSecret is not set: anybody could send in its name", t.Name, t.Name)
		}
	}
	return &Hooks{c}, nil
}

// Outcome is what became of a delivery.
type Outcome struct {
	Event    string `json:"event"`
	Repeated bool   `json:"repeated"` // it was here before and does nothing
	Accepted bool   `json:"accepted"` // the catalog looks again at what it names
}

// Deliver takes a delivery and returns when what it asks for will be done even
// if this process ends. header returns a header field by name. Faults:
// NotFound (the topic is not taken), Unauthenticated (the signature is missing
// or wrong), Invalid (no JSON of the kind), Unavailable (nothing is lost if the
// sender tries again).
func (h *Hooks) Deliver(ctx context.Context, topic string, header func(string) string, body []byte) (Outcome, error) {
	i := slices.IndexFunc(h.config.Topics, func(t Topic) bool { return t.Name == topic })
	if i < 0 {
		return Outcome{}, fault.New(fault.NotFound, "topic %.60q is not taken here; add it to events.http.topics", topic)
	}
	if err := verify(h.config.Topics[i], header, body); err != nil {
		return Outcome{}, err
	}
	n, err := read(topic, header, body)
	if err != nil {
		return Outcome{}, err
	}
	// The signature covers the body alone: the host's id of a delivery can be
	// changed by whoever sends it again.
	sum := sha256.Sum256(body)
	key := topic + "/" + n.Event + "/" + hex.EncodeToString(sum[:])
	_, err = h.config.Seen.KVApply(ctx, seen, -1, []store.KVWrite{{
		Key: key, Value: []byte(n.Delivery), ExpiresAt: h.config.Now().Add(remembered), Compare: true,
	}})
	if fault.Is(err, fault.Conflict) {
		return Outcome{Event: n.Event, Repeated: true}, nil
	}
	if err != nil {
		return Outcome{}, err //nolint:wrapcheck // a fault of the store
	}
	if err := h.act(ctx, n); err != nil {
		// Forgotten, so that the sender's next try counts.
		if _, undo := h.config.Seen.KVApply(context.WithoutCancel(ctx), seen, -1, []store.KVWrite{{Key: key, Delete: true}}); undo != nil {
			h.config.Log.WarnContext(ctx, "a webhook that failed counts as delivered", "topic", topic, "error", undo)
		}
		return Outcome{}, err
	}
	return Outcome{Event: n.Event, Accepted: n.Push != nil}, nil
}

func (h *Hooks) act(ctx context.Context, n Notice) error {
	if n.Push != nil {
		if err := h.config.Pushed(ctx, n); err != nil {
			return err
		}
	}
	h.config.Publish(ctx, n)
	return nil
}
