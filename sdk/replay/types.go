package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/payload"
)

// OperationName returns the documented name of a capability's operation, and
// for one that this version does not know its number: "kv 9/1".
func OperationName(capability abi.Capability, op uint32) string {
	if o, ok := payload.Host(capability, op); ok {
		return o.Name
	}
	return fmt.Sprintf("%s %d/%d", capability, op>>8, op&0xff)
}

// toJSON returns a payload as JSON if the JSON makes the very same payload
// again, and nil if it does not.
func toJSON(t payload.Type, packed []byte) json.RawMessage {
	if t == nil || len(packed) == 0 {
		return nil
	}
	v := t()
	if rest, err := v.UnmarshalMsg(packed); err != nil || len(rest) > 0 {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	if again, err := fromJSON(t, text); err != nil || !bytes.Equal(again, packed) {
		return nil
	}
	return text
}

// fromJSON is the inverse of toJSON.
func fromJSON(t payload.Type, text json.RawMessage) ([]byte, error) {
	if t == nil {
		return nil, errors.New("has JSON where no type is known")
	}
	v := t()
	if err := json.Unmarshal(text, v); err != nil {
		return nil, err
	}
	return v.MarshalMsg(nil)
}
