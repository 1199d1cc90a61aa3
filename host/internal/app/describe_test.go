package app

import (
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

// An upload is described before anybody has decided about it: one that never
// gets through its start must not hold the request for ever.
func TestAModuleThatDoesNotStartIsDescribedInTime(t *testing.T) {
	if _, err := DescribeModule(t.Context(), plugintest.EndlessStart()); !fault.Is(err, fault.Timeout) {
		t.Errorf("%v", err)
	}
}
