package hosttest

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var pluginCases = []testCase{
	{"no target covers the call", Setup{}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapPlugin, abi.PluginCall, &contract.PluginCallRequest{Plugin: "other", Path: "/things"})
		if !strings.HasPrefix(e.MissingGrant, "plugin: GET /things of other") {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
	{"a call is granted like any other power", Setup{Grants: []string{"clock"}}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapPlugin, abi.PluginCall, &contract.PluginCallRequest{Plugin: "other", Path: "/things"})
		if e.MissingGrant != "plugin" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
}
