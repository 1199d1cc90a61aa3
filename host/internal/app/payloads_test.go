package app

import (
	"testing"

	"github.com/callboard/callboard/sdk/payload"
)

// Every operation of every capability has its row in the table of payloads: without it the
// operation cannot be reached by a plugin that speaks JSON, nor be read in a recording.
func TestEveryOperationHasItsPayloads(t *testing.T) {
	table, err := capabilities(services{})
	if err != nil {
		t.Fatal(err)
	}
	for id, row := range table {
		for op, operation := range row.Ops {
			known, ok := payload.Host(id, op)
			if !ok {
				t.Errorf("%s has no row in sdk/payload/table.go", operation.Name)
			} else if known.Name != operation.Name {
				t.Errorf("%s is called %s in sdk/payload/table.go", operation.Name, known.Name)
			}
		}
	}
}
