package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
)

func TestKindSurvivesWrapping(t *testing.T) {
	cause := errors.New("disk on fire")
	for _, tc := range []struct {
		name    string
		err     error
		kind    fault.Kind
		message string
	}{
		{"a fault", fault.New(fault.Denied, "grant %q is missing", "kv"), fault.Denied, `grant "kv" is missing`},
		{"a wrapped fault", fmt.Errorf("calling guest: %w", fault.New(fault.Exhausted, "too many handles")), fault.Exhausted, "too many handles"},
		{"a cause is never shown", fault.Wrap(fault.Unavailable, cause, "the database does not answer"), fault.Unavailable, "the database does not answer"},
		{"no fault", cause, fault.Internal, "internal error"},
		{"an internal fault", fault.New(fault.Internal, "secret detail"), fault.Internal, "internal error"},
		{"a deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), fault.Timeout, "timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fault.KindOf(tc.err); got != tc.kind {
				t.Errorf("KindOf = %v, want %v", got, tc.kind)
			}
			if got := fault.Message(tc.err); got != tc.message {
				t.Errorf("Message = %q, want %q", got, tc.message)
			}
		})
	}
	if !errors.Is(fault.Wrap(fault.Unavailable, cause, "m"), cause) {
		t.Error("the cause is lost")
	}
	for k := fault.Internal; k <= fault.Timeout; k++ {
		if fault.ParseKind(k.String()) != k {
			t.Errorf("ParseKind(%q) != %v", k.String(), k)
		}
	}
}
