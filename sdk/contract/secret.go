package contract

//go:generate go tool msgp -io=false

// SecretRevealRequest is the payload of secret.reveal/1.
type SecretRevealRequest struct {
	Name string `msg:"n" json:"name"`
}

// SecretRevealAnswer is the answer to secret.reveal/1. It is in no recording.
type SecretRevealAnswer struct {
	Value string `msg:"v" json:"value"`
}
