package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/host/internal/webhook"
)

// webhooks is webhook.Hooks as the web server asks it.
type webhooks struct{ *webhook.Hooks }

// Deliver implements web.Webhooks.
func (w webhooks) Deliver(ctx context.Context, topic string, header func(string) string, body []byte) (any, error) {
	return w.Hooks.Deliver(ctx, topic, header, body) //nolint:wrapcheck // a fault with the message for the sender
}

// newWebhooks returns what takes deliveries; nil when configuration names no topic.
func newWebhooks(c *config.Config, db store.Store, catalog *catalogEngine, nudge func(), now func() time.Time, log *slog.Logger) (web.Webhooks, error) {
	if len(c.Events.HTTP.Topics) == 0 {
		return nil, nil //nolint:nilnil // none is a portal without webhooks
	}
	secrets := map[string][]string{}
	add := func(topic string, s config.Secret) {
		if text := s.Reveal(); text != "" {
			secrets[topic] = append(secrets[topic], text)
		}
	}
	m := c.Events.Modules
	add("github", m.GitHub.WebhookSecret)
	add("gitea", m.Gitea.WebhookSecret)
	add("gitlab", m.GitLab.WebhookSecret)
	for _, host := range c.Integrations.GitHub {
		for _, a := range host.Apps {
			add("github", a.WebhookSecret)
		}
	}
	var topics []webhook.Topic
	for _, name := range c.Events.HTTP.Topics {
		topics = append(topics, webhook.Topic{Name: name, Secrets: secrets[name]})
	}
	hooks, err := webhook.New(webhook.Config{
		Topics: topics, Seen: db, Now: now, Log: log,
		Pushed: func(ctx context.Context, n webhook.Notice) error { return catalog.engine.Pushed(ctx, *n.Push) },
		Publish: func(ctx context.Context, n webhook.Notice) {
			if err := publishNotice(ctx, db, n, now()); err != nil {
				log.WarnContext(ctx, "plugins are not told of a webhook", "topic", n.Topic, "error", err)
				return
			}
			nudge()
		},
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // says which key to mend
	}
	return webhooks{hooks}, nil
}

// maxNoticeFiles is how many files an event names; it is read again whole.
const maxNoticeFiles = 100

// publishNotice tells plugins that listen to "events/<topic>.<event>". The
// event says what happened and where; the delivery itself stays outside.
func publishNotice(ctx context.Context, db store.Store, n webhook.Notice, at time.Time) error {
	if n.Push != nil && len(n.Push.Files) > maxNoticeFiles {
		short := *n.Push
		short.Files, short.All = nil, true
		n.Push = &short
	}
	payload, err := json.Marshal(n)
	if err != nil {
		return err //nolint:wrapcheck // cannot happen to strings
	}
	key := n.Topic
	if n.Push != nil {
		key = n.Push.Repository
	}
	_, err = db.PublishEvents(ctx, store.EventBounds{}, []store.EventRow{{
		Topic: "events/" + n.Topic + "." + n.Event, Key: key, Installation: "host", Plugin: "events", Payload: payload, At: at,
	}})
	return err //nolint:wrapcheck // says what and why
}
