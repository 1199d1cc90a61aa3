package quantity_test

import (
	"testing"

	"github.com/callboard/callboard/host/internal/capability/quantity"
	"github.com/callboard/callboard/host/internal/fault"
)

func TestBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "10KiB": 10 << 10, "1 MiB": 1 << 20, "2GiB": 2 << 30, "9223372036854775807": 1<<63 - 1,
		"": -1, "-1": -1, "-1KiB": -1, "1MB": -1, "1.5MiB": -1, "KiB": -1, "9007199254740993GiB": -1, "9223372036854775808": -1, "1KiBKiB": -1,
	} {
		got, err := quantity.Bytes(text)
		if want < 0 {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q is %d, %v; want Invalid", text, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
}
