// Package secret is the capability to use secrets that the operator keeps.
//
// Owns: its scope (which secret, to which host, in which header field), putting values into
// requests, looking for them in answers, secret.reveal/1.
// Does not own: the values (configuration), requests (capability/http).
// Flow: a header value with {{secret:name}} → Vault.Fill → the hop that it is granted for, and no
// other; the answer → Scanner → the guest, or a refusal when it repeats a value.
package secret
