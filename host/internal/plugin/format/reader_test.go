package format_test

import (
	"testing"

	"github.com/callboard/callboard/host/internal/plugin/format"
)

func TestReader(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		want uint32
		ok   bool
	}{
		{"one byte", []byte{0x7f}, 127, true},
		{"padded", []byte{0xff, 0x80, 0x80, 0x80, 0x00}, 127, true},
		{"largest", []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, 1<<32 - 1, true},
		{"33 bits", []byte{0xff, 0xff, 0xff, 0xff, 0x1f}, 0, false},
		{"six bytes", []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, 0, false},
		{"cut off", []byte{0x80}, 0, false},
		{"nothing", nil, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := format.NewReader(tc.b)
			if got := r.U32(); got != tc.want || (r.Err() == nil) != tc.ok {
				t.Errorf("read %d, %v", got, r.Err())
			}
		})
	}
}
