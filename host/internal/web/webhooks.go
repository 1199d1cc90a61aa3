package web

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/callboard/callboard/host/internal/fault"
)

// Webhooks takes deliveries of source hosts. Its answer is encoded as JSON.
type Webhooks interface {
	// Deliver returns when nothing of the delivery can be lost any more.
	// Faults: NotFound, Unauthenticated, Invalid, Unavailable.
	Deliver(ctx context.Context, topic string, header func(string) string, body []byte) (any, error)
}

// webhooksPath begins the path of every delivery. It is Backstage's.
const webhooksPath = "/api/events/http/"

// maxDelivery is the most that one delivery may have: GitHub caps its own at 25 MB.
const maxDelivery = 25 << 20

func (s *Server) webhook(c *fiber.Ctx) error {
	if !c.Is("json") {
		return &statusError{http.StatusUnsupportedMediaType, "a webhook sends application/json; choose it as the content type where the webhook is set up"}
	}
	if s.config.Webhooks == nil {
		return fault.New(fault.NotFound, "no webhooks are taken here; set events.http.topics")
	}
	out, err := s.config.Webhooks.Deliver(c.UserContext(), utils.CopyString(c.Params("topic")), func(name string) string {
		return utils.CopyString(c.Get(name))
	}, c.Body())
	if err != nil {
		return err
	}
	c.Status(http.StatusAccepted)
	return s.answer(c, out)
}
