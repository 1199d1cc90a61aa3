package extension

import (
	"context"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Schedule calls schedule.run/1 with the plugin's own rights. Faults: those of
// plugin.Registry.Call.
func Schedule(ctx context.Context, c Caller, id plugin.ID, r *contract.ScheduleRun) error {
	reply, err := c.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpScheduleRun, Own: true, Payload: r})
	if err != nil {
		return err
	}
	defer reply.Close()
	var done contract.ScheduleDone
	return reply.Decode(&done)
}

// Task calls task.run/1 for its requester, or with own set with the plugin's
// own rights, and returns the result. Faults: those of plugin.Registry.Call.
func Task(ctx context.Context, c Caller, id plugin.ID, authority principal.Authority, own bool, t *contract.Task) ([]byte, error) {
	t.Own = own
	reply, err := c.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpTaskRun, Authority: authority, Own: own, Payload: t})
	if err != nil {
		return nil, err
	}
	defer reply.Close()
	var done contract.TaskDone
	if err := reply.Decode(&done); err != nil {
		return nil, err
	}
	return append([]byte(nil), done.Result...), nil
}
