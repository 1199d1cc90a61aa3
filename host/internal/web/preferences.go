package web

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// Preferences keeps what people chose for themselves in the portal: what they
// starred, their views. Each person reads and writes their own.
type Preferences interface {
	// List returns all of a person's, by key.
	List(ctx context.Context, who principal.Subject) ([]Preference, error)
	// Put replaces one and returns it with its new revision. seen is the
	// revision that the change was made from, 0 = there was none; nil replaces
	// whatever is there. Faults: Invalid (the key, or a value that is too
	// large), Conflict (it changed since), Exhausted (all of them are too much).
	Put(ctx context.Context, who principal.Subject, key string, value []byte, seen *uint64) (Preference, error)
	// Delete removes one; an absent one is no fault.
	Delete(ctx context.Context, who principal.Subject, key string) error
}

// Preference is one value under its key. Its revision grows with each change.
type Preference struct {
	Key      string          `json:"key"`
	Revision uint64          `json:"revision"`
	Value    json.RawMessage `json:"value"`
}

func (s *Server) preferenceRoutes() {
	s.app.Get("/api/app/preferences", func(c *fiber.Ctx) error {
		who, err := s.signedIn(c)
		if err != nil {
			return err
		}
		items, err := s.config.Preferences.List(c.UserContext(), who.Subject)
		if err != nil {
			return err
		}
		if items == nil {
			items = []Preference{}
		}
		return s.answer(c, map[string][]Preference{"items": items})
	})
	s.app.Put("/api/app/preferences/:key", func(c *fiber.Ctx) error {
		who, err := s.signedIn(c)
		if err != nil {
			return err
		}
		seen, err := seenRevision(c.Get(fiber.HeaderIfMatch))
		if err != nil {
			return err
		}
		var in struct {
			Value json.RawMessage `json:"value"`
		}
		if err := readJSON(c, &in); err != nil {
			return err
		}
		if in.Value == nil {
			return fault.New(fault.Invalid, `the body is not {"value": …}`)
		}
		stored, err := s.config.Preferences.Put(c.UserContext(), who.Subject, utils.CopyString(c.Params("key")), in.Value, seen)
		if err != nil {
			return err
		}
		return s.answer(c, stored)
	})
	s.app.Delete("/api/app/preferences/:key", func(c *fiber.Ctx) error {
		who, err := s.signedIn(c)
		if err != nil {
			return err
		}
		if err := s.config.Preferences.Delete(c.UserContext(), who.Subject, utils.CopyString(c.Params("key"))); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	})
}

// seenRevision reads If-Match: `"3"`, `"0"` for what was not there, nothing for any.
func seenRevision(field string) (*uint64, error) {
	if field == "" || field == "*" {
		return nil, nil
	}
	revision, err := strconv.ParseUint(strings.Trim(field, `"`), 10, 64)
	if err != nil {
		return nil, fault.New(fault.Invalid, `If-Match is the revision of the preference, such as "3", or "0" when there was none`)
	}
	return &revision, nil
}
