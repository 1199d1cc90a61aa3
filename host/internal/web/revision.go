package web

import (
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
)

// Revisions is the catalog that this replica shows.
type Revisions interface {
	// Revision is the newest one that readers see.
	Revision() uint64
	// Await returns when readers see a revision. Fault: Unavailable (ctx ended before).
	Await(ctx context.Context, revision uint64) error
}

// Every answer of a plugin says which revision of the catalog this replica
// shows by then; a request may ask for one at least, so that whoever has seen
// a change at one replica sees it at every other.
const (
	revisionHeader    = "X-Callboard-Revision"
	minRevisionHeader = "X-Callboard-Min-Revision"
	revisionPatience  = 2 * time.Second
)

// awaitRevision waits until this replica shows what the request asks for.
// Faults: Invalid, Unavailable.
func (s *Server) awaitRevision(c *fiber.Ctx) error {
	asked := c.Get(minRevisionHeader)
	if asked == "" || s.config.Revisions == nil {
		return nil
	}
	revision, err := strconv.ParseUint(asked, 10, 63)
	if err != nil {
		return fault.New(fault.Invalid, "%s %.40q is no revision; send back what %s said", minRevisionHeader, asked, revisionHeader)
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), revisionPatience)
	defer cancel()
	return s.config.Revisions.Await(ctx, revision)
}

func revisionText(r uint64) string { return strconv.FormatUint(r, 10) }
