package rows

import (
	"errors"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// History is what one batch writes into the history.
type History struct {
	Rows    []store.HistoryRow // by ref
	Actions []int16            // the number of each row's action
	Causes  []int32            // of each row, in Packed
	Packed  []byte             // the causes, each once
}

// RecordHistory sorts the rows of a batch and numbers their causes. Fault:
// Invalid (text that is not UTF-8, an action that is none).
func RecordHistory(list []store.HistoryRow) (History, error) {
	h := History{Rows: list, Actions: make([]int16, len(list)), Causes: make([]int32, len(list))}
	slices.SortStableFunc(h.Rows, func(a, b store.HistoryRow) int { return strings.Compare(a.Ref, b.Ref) })
	numbers := map[store.Cause]int32{}
	var causes []byte
	for i := range h.Rows {
		r := &h.Rows[i]
		if err := Text("ref", r.Ref, "uid", r.UID, "owner", r.Owner); err != nil {
			return History{}, err
		}
		action := slices.Index(store.Actions, r.Action)
		if action < 0 {
			return History{}, fault.New(fault.Invalid, "the history of %q has the action %q, which is none", r.Ref, r.Action)
		}
		number, known := numbers[r.Cause]
		if !known {
			number = int32(len(numbers)) //nolint:gosec // batches are far smaller
			numbers[r.Cause] = number
			for _, text := range fieldsOf(&r.Cause) {
				causes = appendString(causes, *text)
			}
		}
		h.Actions[i], h.Causes[i] = int16(action), number //nolint:gosec // five of them
	}
	h.Packed = Pack(causes)
	return h, nil
}

// fieldsOf are the fields of a cause in the order in which they are packed.
func fieldsOf(c *store.Cause) []*string {
	return []*string{&c.Reason, &c.Provider, &c.Location, &c.Origin, &c.Subject, &c.Plugin, &c.By}
}

// Causes are the packed causes of one revision.
type Causes string

// ReadCauses undoes the packing.
func ReadCauses(packed []byte) (Causes, error) {
	raw, err := Unpack(packed)
	return Causes(raw), err
}

var errNoCause = errors.New("the history names a cause that its revision does not have")

// At returns a cause by its number.
func (c Causes) At(number int32) (store.Cause, error) {
	var out store.Cause
	rest := string(c)
	for range number + 1 {
		for _, field := range fieldsOf(&out) {
			var ok bool
			if *field, rest, ok = cutString(rest); !ok {
				return store.Cause{}, errNoCause
			}
		}
	}
	return out, nil
}
