package extension

import (
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/contract"
)

// An answer of a hundred kilobytes that names one handle ten thousand times
// must not make the host put gigabytes together.
func TestAnAnswerThatNamesOneHandleAgainAndAgain(t *testing.T) {
	parts := make([]contract.BodyPart, 10_000)
	for i := range parts {
		parts[i].Handle = 1
	}
	for name, handle := range map[string][][]byte{
		"of many pieces": make([][]byte, 30_000), // as a query of the catalog answers
		"of many bytes":  {make([]byte, 1<<20)},
	} {
		opened := 0
		_, err := assemble(parts, func(uint32) ([][]byte, string, error) {
			opened++
			return handle, "", nil
		})
		if !fault.Is(err, fault.Exhausted) || opened > 1000 {
			t.Errorf("a handle %s: opened %d times, %v", name, opened, err)
		}
	}
	body, err := assemble([]contract.BodyPart{{Bytes: []byte("[")}, {Handle: 1}, {Bytes: []byte("]")}}, func(uint32) ([][]byte, string, error) {
		return [][]byte{[]byte("1,"), []byte("2")}, "", nil
	})
	if err != nil || len(body) != 4 || string(body[2]) != "2" {
		t.Errorf("an honest answer is %q, %v", body, err)
	}
}
