package app

import (
	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// gate shows the capability gate to the plugin registry, which knows nothing
// of capabilities.
type gate struct {
	*capability.Gate
	plugins *pluginSet // knows who owns the data of a version
}

// Open implements plugin.Gate.
func (g gate) Open(info plugin.CallInfo) plugin.Session {
	digest := info.Digest
	if info.Op != abi.OpMigrate && info.Op != abi.OpHealth && g.plugins.away(info.Plugin) {
		digest = "" // code that has no rights
	}
	return session{g.Gate.Open(capability.Opening{
		Plugin: string(info.Plugin), Digest: digest, Installation: g.plugins.installation(info.Plugin, info.Digest),
		Authority: info.Authority, CallID: info.CallID,
		HostCalls: info.Limits.HostCalls, LogBytes: info.Limits.LogBytes,
		Handles: info.Limits.Handles, HandleBytes: info.Limits.HandleBytes,
		EgressRequests: info.Limits.EgressRequests, EgressBytes: info.Limits.EgressBytes,
	})}
}

type session struct{ *capability.Session }

// Usage implements plugin.Session.
func (s session) Usage() plugin.Usage { return plugin.Usage(s.Session.Usage()) }
