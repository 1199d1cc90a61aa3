package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// Recordings are the recorded calls of plugins. What all methods but List do is
// audited. Faults: NotFound (no such plugin or recording), Unavailable
// (recording is switched off).
type Recordings interface {
	// List returns the recordings of a plugin, encoded as JSON.
	List(ctx context.Context, plugin string) (any, error)
	// Read returns a recording as lines of JSON.
	Read(ctx context.Context, who principal.Authority, plugin, recording string) ([]byte, error)
	Delete(ctx context.Context, who principal.Authority, plugin, recording string) error
	// Record asks for a recording of the next calls. Fault also: Invalid (too many).
	Record(ctx context.Context, who principal.Authority, plugin string, calls int) error
}

func (s *Server) recordingRoutes() {
	s.app.Get("/api/plugins/:id/recordings", s.listRecordings)
	s.app.Get("/api/plugins/:id/recordings/:recording", s.readRecording)
	s.app.Delete("/api/plugins/:id/recordings/:recording", s.deleteRecording)
	s.app.Post("/api/plugins/:id/record", s.recordCalls)
}

func (s *Server) listRecordings(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	list, err := s.config.Recordings.List(c.UserContext(), utils.CopyString(c.Params("id")))
	if err != nil {
		return err
	}
	return s.answer(c, list)
}

func (s *Server) readRecording(c *fiber.Ctx) error {
	who, err := s.permitted(c, permitOperate)
	if err != nil {
		return err
	}
	id, recording := utils.CopyString(c.Params("id")), utils.CopyString(c.Params("recording"))
	lines, err := s.config.Recordings.Read(c.UserContext(), who, id, recording)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/x-ndjson")
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", id+"-"+recording+".replay"))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(lines)
}

func (s *Server) deleteRecording(c *fiber.Ctx) error {
	who, err := s.permitted(c, permitOperate)
	if err != nil {
		return err
	}
	id, recording := utils.CopyString(c.Params("id")), utils.CopyString(c.Params("recording"))
	if err := s.config.Recordings.Delete(c.UserContext(), who, id, recording); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

func (s *Server) recordCalls(c *fiber.Ctx) error {
	who, err := s.permitted(c, permitOperate)
	if err != nil {
		return err
	}
	var in struct {
		Calls *int `json:"calls"`
	}
	if err := json.Unmarshal(c.Body(), &in); err != nil || in.Calls == nil {
		return fault.New(fault.Invalid, `the body is not {"calls": 1}`)
	}
	if err := s.config.Recordings.Record(c.UserContext(), who, utils.CopyString(c.Params("id")), *in.Calls); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}
