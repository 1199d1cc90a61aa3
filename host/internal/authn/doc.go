// Package authn answers who a request is from.
//
// Owns: the guest provider of development, its personas, sessions behind a cookie, the Authority that comes of it.
// Does not own: what the subject may do (policy), cookies on the wire (web), rows (store.Sessions).
// Flow: web hands over the cookie's value → session row, or the default persona → Authority with ownership refs.
package authn
