package app

import (
	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/plugin"
)

// gate shows the capability gate to the plugin registry, which knows nothing
// of capabilities.
type gate struct{ *capability.Gate }

// Open implements plugin.Gate.
func (g gate) Open(info plugin.CallInfo) plugin.Session {
	return session{g.Gate.Open(capability.Opening{
		Plugin: string(info.Plugin), Digest: info.Digest, Installation: installation(info.Plugin),
		Authority: info.Authority, CallID: info.CallID,
		HostCalls: info.Limits.HostCalls, LogBytes: info.Limits.LogBytes,
		Handles: info.Limits.Handles, HandleBytes: info.Limits.HandleBytes,
		EgressRequests: info.Limits.EgressRequests, EgressBytes: info.Limits.EgressBytes,
	})}
}

// installation is the owner of a plugin's values. Until bundles are signed
// there is one publisher, the operator, so that the id is enough.
func installation(id plugin.ID) string { return "local/" + string(id) }

type session struct{ *capability.Session }

// Usage implements plugin.Session.
func (s session) Usage() plugin.Usage { return plugin.Usage(s.Session.Usage()) }
