package sdk

import (
	"context"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Client is one of the two doors to the host's capabilities.
type Client struct {
	call *call
	own  bool
}

// Viewer returns the door that uses the rights of whom the call is made for,
// narrowed by the plugin's grants. It is the right one for routes and actions.
func Viewer(ctx context.Context) Client { return Client{call: callOf(ctx)} }

// Own returns the door that uses the plugin's own rights, a scope of its own
// in plugin.yaml. What it reads must not be shown to a viewer unchecked: the
// host refuses to send its handles in a response.
func Own(ctx context.Context) Client { return Client{call: callOf(ctx), own: true} }

// Catalog returns the client of the catalog.
func (c Client) Catalog() Catalog { return Catalog(c) }

// KV returns the client of the plugin's own key-value store, which is the same
// through both doors.
func (c Client) KV() KV { return KV{call: c.call} }

// Blobs returns the client of the plugin's own files, which is the same
// through both doors.
func (c Client) Blobs() Blobs { return Blobs{call: c.call} }

// Render returns the client of the host's renderers.
func (c Client) Render() Render { return Render{call: c.call} }

// HTTP returns the client that reaches other servers.
func (c Client) HTTP() HTTP { return HTTP(c) }

// Secrets returns the client of the plugin's secrets, the same through both doors.
func (c Client) Secrets() Secrets { return Secrets{call: c.call} }

// Plugins returns the client that calls routes of other plugins.
func (c Client) Plugins() Plugins { return Plugins(c) }

// Events returns the client that publishes events of this plugin. It is the
// same through both doors.
func (c Client) Events() Events { return Events{call: c.call} }

// Schedules returns the client of the plugin's own schedules, which is the
// same through both doors.
func (c Client) Schedules() Schedules { return Schedules{call: c.call} }

// Tasks returns the client of tasks, of the viewer's or of the plugin's own.
func (c Client) Tasks() Tasks { return Tasks(c) }

// Time is the clock capability. Use it instead of time.Now where a test wants
// to turn the clock.
type Time struct{ call *call }

// Clock returns the host's clock.
func Clock(ctx context.Context) Time { return Time{call: callOf(ctx)} }

var opClockNow = operation{abi.CapClock, abi.ClockNow, "clock.now/1"}

// Now returns the host's time.
func (t Time) Now() (time.Time, error) {
	var answer contract.ClockAnswer
	if err := t.call.do(opClockNow, nil, &answer); err != nil {
		return time.Time{}, err
	}
	return time.Unix(0, answer.UnixNano), nil
}

// Principal is who a call is made for.
type Principal struct {
	Kind      string   // user, service, plugin or none
	Ref       string   // canonical entity ref, "user:default/ada"; empty for none
	Ownership []string // refs through which the principal owns things, its own included
	Mode      string   // viewer or own
}

// Owns reports whether the principal owns what ref owns.
func (p Principal) Owns(ref string) bool {
	for _, o := range p.Ownership {
		if equalFold(o, ref) {
			return true
		}
	}
	return false
}

var opIdentity = operation{abi.CapIdentity, abi.IdentityCurrent, "identity.current/1"}

// Identity returns who the call is made for.
func Identity(ctx context.Context) (Principal, error) {
	var answer contract.IdentityAnswer
	err := callOf(ctx).do(opIdentity, nil, &answer)
	return Principal(answer), err
}
