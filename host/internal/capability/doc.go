// Package capability is the door: every power that a plugin uses passes here.
//
// Owns: the gate (declared ∩ granted ∩ policy), the narrowing of what is the subject's to every
// plugin on the path, the quota of host calls, audit of refusals, what was used of a grant, the
// handles of a call, and the shape of a capability: one folder below, one row in app's table.
// Does not own: what the operations do (the folders), who granted what (configuration), pools (plugin).
// Flow: guest → plugin.Door = Session.Call → gate → operation → reply; handles live as long as the session.
package capability
