package app

import (
	"errors"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
)

// yamlToJSON turns one YAML document into JSON, under the limits and with the
// messages of descriptors.
func yamlToJSON(source []byte) ([]byte, error) {
	limits := descriptor.DefaultLimits()
	chunks, err := descriptor.Split("yaml", source, limits)
	if err != nil {
		return nil, asInvalid(err)
	}
	if len(chunks) != 1 {
		return nil, fault.New(fault.Invalid, "the text holds %d YAML documents, want one", len(chunks))
	}
	v, err := descriptor.Parse("yaml", chunks[0], limits)
	if err != nil {
		return nil, asInvalid(err)
	}
	return v.AppendJSON(nil), nil
}

func asInvalid(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.Invalid, "%w", err)
}
