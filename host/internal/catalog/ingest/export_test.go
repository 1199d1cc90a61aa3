package ingest

import "context"

// Unsettle has the next pass decide about every entity anew.
func (e *Engine) Unsettle(ctx context.Context) error {
	return e.ask(ctx, func(s *state) { s.settled = "" })
}
