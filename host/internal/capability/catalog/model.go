package catalog

import (
	"context"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/sdk/contract"
)

// model describes what entities there can be. It tells of no entity, so every
// viewer gets the same.
func (s service) model(_ context.Context, c *capability.Call, q *contract.CatalogModelRequest) (msgp.Marshaler, error) {
	if _, err := reach(c, q.Own); err != nil {
		return nil, err
	}
	d := s.engine.Model()
	return hand(c, c.Viewer(q.Own), catalog.Document{Body: catalog.Body{d.JSON}, ETag: d.ETag, Revision: s.reader.Revision()})
}
