package sdk

import (
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Secret returns the reference that a header value of a FetchRequest holds in
// place of a secret: "Bearer " + sdk.Secret("jira"). The host puts the value
// in, for the host and the field that the grant names, over https; the plugin
// never has it.
func Secret(name string) string { return "{{secret:" + name + "}}" }

// SecretBase64 is Secret with the value in base64, for "Basic " where the value
// is user:password.
func SecretBase64(name string) string { return "{{secret:" + name + ":base64}}" }

// Secrets is the door to the values of secrets, which few plugins need.
type Secrets struct{ call *call }

var opSecretReveal = operation{abi.CapSecret, abi.SecretReveal, "secret.reveal/1"}

// Reveal returns the value of a secret. Denied unless both plugin.yaml and the
// grant say reveal: true in so many words; each use is in the audit.
func (s Secrets) Reveal(name string) (string, error) {
	var a contract.SecretRevealAnswer
	err := s.call.do(opSecretReveal, &contract.SecretRevealRequest{Name: name}, &a)
	return a.Value, err
}
