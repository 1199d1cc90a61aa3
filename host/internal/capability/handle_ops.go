package capability

import (
	"context"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// performHandle serves the operations on handles. They are no power: they
// reach only what the call itself holds.
func (s *Session) performHandle(ctx context.Context, op uint32, payload []byte) (string, msgp.Marshaler, error) {
	var operation Operation
	switch op {
	case abi.HandleCreate:
		operation = Op("handle.create/1", func(_ context.Context, c *Call, q *contract.HandleCreateRequest) (msgp.Marshaler, error) {
			n, err := c.Handles.PutGuest(q.Bytes, q.Type)
			return &contract.HandleInfo{Handle: n, Type: q.Type, Size: uint64(len(q.Bytes))}, err
		})
	case abi.HandleStat:
		operation = Op("handle.stat/1", func(_ context.Context, c *Call, q *contract.HandleRequest) (msgp.Marshaler, error) {
			size, mediaType, err := c.Handles.Stat(q.Handle)
			return &contract.HandleInfo{Handle: q.Handle, Type: mediaType, Size: uint64(size)}, err //nolint:gosec // sizes are not negative
		})
	case abi.HandleDrop:
		operation = Op("handle.drop/1", func(_ context.Context, c *Call, q *contract.HandleRequest) (msgp.Marshaler, error) {
			return nil, c.Handles.Drop(q.Handle)
		})
	default:
		return "", nil, fault.New(fault.Invalid, "handle has no operation %d in version %d", op>>8, op&0xff)
	}
	answer, err := operation.Handle(ctx, &Call{Handles: s.handles}, payload)
	return operation.Name, answer, err
}
