package extension

import (
	"context"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Process calls entity.process/1 with a batch, with the plugin's own rights:
// nobody asked for it. The results are as many as the items, in their order.
// Faults: those of plugin.Registry.Call, and Internal for a reply of another length.
func Process(ctx context.Context, c Caller, id plugin.ID, q *contract.ProcessRequest) ([]contract.ProcessResult, error) {
	reply, err := c.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpEntityProcess, Own: true, Payload: q})
	if err != nil {
		return nil, err
	}
	defer reply.Close()
	var out contract.ProcessReply
	if err := reply.Decode(&out); err != nil {
		return nil, err
	}
	if len(out.Results) != len(q.Items) {
		return nil, fault.New(fault.Internal, "processor %s of plugin %s answered %d results for %d entities", q.Processor, id, len(out.Results), len(q.Items))
	}
	return out.Results, nil
}
