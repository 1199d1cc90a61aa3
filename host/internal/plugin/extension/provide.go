package extension

import (
	"context"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Provide calls entity.provide/1 of one provider with the plugin's own rights,
// and returns what it says of its work. The entities themselves come through
// catalog.apply/1. Faults: those of plugin.Registry.Call.
func Provide(ctx context.Context, c Caller, id plugin.ID, provider string) (string, error) {
	reply, err := c.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpEntityProvide, Own: true, Payload: &contract.ProvideRequest{Provider: provider}})
	if err != nil {
		return "", err
	}
	defer reply.Close()
	var done contract.ProvideReply
	err = reply.Decode(&done)
	return done.Message, err
}
