package extension

import (
	"context"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Event calls event.on/1 with the plugin's own rights: what caused the event
// lends none. Faults: those of plugin.Registry.Call.
func Event(ctx context.Context, c Caller, id plugin.ID, e *contract.Event) error {
	reply, err := c.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpEventOn, Own: true, Payload: e})
	if err != nil {
		return err
	}
	defer reply.Close()
	var done contract.EventDone
	return reply.Decode(&done)
}
