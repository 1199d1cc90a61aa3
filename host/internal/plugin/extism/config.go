package extism

import (
	"context"
	"encoding/json"

	sdk "github.com/extism/go-sdk"

	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// configGet is what the kits call Config.get: a key of the plugin's own slice
// of the configuration, asked for like everybody through config.get/1. Text is
// as it is, anything else is JSON; what is absent or not granted is 0.
func configGet(ctx context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64) {
	key := string(i.block(stack[0]))
	stack[0] = 0
	if i.door == nil {
		return
	}
	if i.hostCalls++; i.hostCalls > i.limits.HostCalls {
		return
	}
	var answer []byte
	i.guest.Outside(func() { answer = i.door.Call(ctx, abi.CapConfig, abi.ConfigGet, nil) })
	sandbox.Interrupt(ctx)
	if value := configValue(answer, key); len(value) > 0 {
		stack[0] = i.give(p, value)
	}
}

func configValue(answer []byte, key string) []byte {
	header, packed, err := abi.ParseReplyHeader(answer)
	if err != nil || header.Code != abi.CodeOK {
		return nil
	}
	var config contract.ConfigAnswer
	if _, err := config.UnmarshalMsg(packed); err != nil {
		return nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(config.JSON, &values); err != nil {
		return nil
	}
	var text string
	if err := json.Unmarshal(values[key], &text); err == nil {
		return []byte(text)
	}
	return values[key]
}
