package ingest

import (
	"errors"
	"strconv"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
)

// maxItems is how many status items an entity carries; a location with
// thousands of bad documents says how many more there are.
const maxItems = 50

// problemOf words an error as clients of Backstage know it.
func problemOf(err error) *problem {
	name := "InputError"
	switch fault.KindOf(err) {
	case fault.NotFound:
		name = "NotFoundError"
	case fault.Denied:
		name = "NotAllowedError"
	case fault.Conflict:
		name = "ConflictError"
	case fault.Unavailable, fault.Timeout:
		name = "ServiceUnavailableError"
	}
	message := fault.Message(err)
	var one descriptor.Problem
	var many descriptor.Problems
	if errors.As(err, &many) || errors.As(err, &one) {
		name, message = "InputError", err.Error()
	}
	return &problem{name: name, message: message}
}

// statusOf writes the status items of an entity, nil when there is nothing wrong.
func statusOf(problems []problem) []byte {
	if len(problems) == 0 {
		return nil
	}
	more := 0
	if len(problems) > maxItems {
		more = len(problems) - maxItems
		problems = problems[:maxItems]
	}
	b := []byte{'['}
	for i, p := range problems {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(b, p)
	}
	if more > 0 {
		b = appendItem(append(b, ','), problem{name: "Error", message: "and " + strconv.Itoa(more) + " more problems"})
	}
	return append(b, ']')
}

func appendItem(b []byte, p problem) []byte {
	level := "error"
	if p.warning {
		level = "warning"
	}
	b = append(b, `{"type":"backstage.io/catalog-processing","level":"`+level+`","message":`...)
	b = descriptor.AppendString(b, p.name+": "+p.message)
	b = append(b, `,"error":{"name":`...)
	b = descriptor.AppendString(b, p.name)
	b = append(b, `,"message":`...)
	b = descriptor.AppendString(b, p.message)
	return append(b, "}}"...)
}
