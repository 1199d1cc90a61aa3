package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var opConfigGet = operation{abi.CapConfig, abi.ConfigGet, "config.get/1"}

// Config returns the plugin's configuration, plugins.entries.<id>.config, as
// a T. Fields that the configuration does not name keep T's zero value; a key
// that T does not have, or a value of the wrong type, is an error that names
// the key.
func Config[T any](ctx context.Context) (T, error) {
	var out T
	var answer contract.ConfigAnswer
	if err := callOf(ctx).do(opConfigGet, nil, &answer); err != nil {
		return out, err
	}
	return out, decodeConfig(answer.JSON, &out)
}

func decodeConfig(text []byte, out any) error {
	if len(text) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(out)
	if err == nil {
		return nil
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return Errorf(CodeInvalid, "configuration key %q must be %s, found %s", wrongType.Field, wrongType.Type, wrongType.Value)
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Errorf(CodeInvalid, "configuration key %s is not known to this plugin", key)
	}
	return Errorf(CodeInvalid, "the configuration cannot be read: %w", err)
}
