package meter_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

// The pass does not rely on the validation before it: what would reach what it
// adds is refused by it too. What has only the wrong types is invalid, before
// and after it.
func TestForgeriesAreRefusedByThePassAlone(t *testing.T) {
	untyped := []string{"branches out of its function", "leaves the wrong type on the stack"}
	for name, module := range plugintest.Forgeries() {
		t.Run(name, func(t *testing.T) {
			m, err := meter.Rewrite(module)
			switch {
			case slices.Contains(untyped, name):
				if err == nil && meter.Validate(m.Wasm) == nil {
					t.Error("it became valid")
				}
			case err == nil:
				t.Error("it was rewritten")
			case errors.As(err, new(*meter.Unsupported)):
				t.Errorf("it would run without metering: %v", err)
			}
		})
	}
}

// small is a module of one function with this code, and sections before it.
func small(code []byte, before ...[]byte) []byte {
	body := slices.Concat([]byte{0}, code, []byte{0x0b})
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), part(1, list([]byte{0x60, 0, 0})), part(3, list([]byte{0})),
		slices.Concat(before...), part(10, list(append(count(len(body)), body...))))
}

// What WebAssembly 2.0 does not have is named, and is not taken for an error of
// the module.
func TestWhatThePassCannotReadIsNamed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		module []byte
		want   string
	}{
		{"tail call", small([]byte{0x12, 0}), "opcode 0x12 in function 0"},
		{"indirect tail call", small([]byte{0x13, 0, 0}), "opcode 0x13 in function 0"},
		{"call of a reference", small([]byte{0x14, 0}), "opcode 0x14 in function 0"},
		{"exception", small([]byte{0x08, 0}), "opcode 0x8 in function 0"},
		{"old exception", small([]byte{0x06, 0x40, 0x0b}), "opcode 0x6 in function 0"},
		{"atomic", small([]byte{0xfe, 0x03, 0}), "opcode 0xfe in function 0"},
		{"garbage collection", small([]byte{0xfb, 0, 0}), "opcode 0xfb in function 0"},
		{"relaxed vector", small([]byte{0xfd, 0x80, 0x02}), "opcode 0xfd 256 in function 0"},
		{"later opcode with prefix", small([]byte{0xfc, 0x12}), "opcode 0xfc 18 in function 0"},
		{"second memory", small([]byte{0x41, 0, 0x28, 0x42, 1, 0, 0x1a}), "a memory other than the first in function 0"},
		{"shared memory", small(nil, part(5, list([]byte{3, 1, 1}))), "limits of kind 3"},
		{"memory of 64 bits", small(nil, part(5, list([]byte{4, 1}))), "limits of kind 4"},
		{"tag", small(nil, part(13, list([]byte{0, 0}))), "section 13"},
		{"structure", slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), part(1, list([]byte{0x5f, 0}))), "type form 0x5f"},
		{"typed reference", slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), part(1, list([]byte{0x60, 1, 0x64, 0, 0}))), "value type 0x64"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := meter.Rewrite(tc.module)
			var unsupported *meter.Unsupported
			if !errors.As(err, &unsupported) || unsupported.What != tc.want {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}

// Vector instructions are read over with what belongs to them: SIMD code of a
// compiler is metered.
func TestVectorCodeIsMetered(t *testing.T) {
	for _, code := range [][]byte{
		slices.Concat([]byte{0xfd, 12}, make([]byte, 16), []byte{0x1a}),                                                                         // v128.const
		slices.Concat([]byte{0x41, 0, 0xfd, 0, 4, 16, 0x1a}),                                                                                    // v128.load
		slices.Concat([]byte{0xfd, 12}, make([]byte, 16), []byte{0xfd, 12}, make([]byte, 16), []byte{0xfd, 13}, make([]byte, 16), []byte{0x1a}), // shuffle
		slices.Concat([]byte{0xfd, 12}, make([]byte, 16), []byte{0xfd, 27, 3, 0x1a}),                                                            // i32x4.extract_lane
		slices.Concat([]byte{0x41, 0, 0xfd, 12}, make([]byte, 16), []byte{0xfd, 86, 2, 4, 3, 0x1a}),                                             // v128.load32_lane
		slices.Concat([]byte{0xfd, 12}, make([]byte, 16), []byte{0xfd, 0xa0, 1, 0x1a}),                                                          // i32x4.abs
	} {
		module := small(code, part(5, list([]byte{0, 1})))
		if err := meter.Validate(module); err != nil {
			t.Fatalf("%x: %v", code, err)
		}
		m, err := meter.Rewrite(module)
		if err != nil {
			t.Errorf("%x: %v", code, err)
		} else if err := meter.Validate(m.Wasm); err != nil {
			t.Errorf("%x became invalid: %v", code, err)
		}
	}
}

// Validation refuses what is invalid although it does not compile anything.
func TestValidateRefuses(t *testing.T) {
	for name, module := range map[string][]byte{
		"nothing":           nil,
		"no module":         []byte("something else"),
		"a wrong type":      small([]byte{0x41, 0}),
		"an unknown global": small([]byte{0x23, 0, 0x1a}),
		"an unknown opcode": small([]byte{0xff}),
	} {
		if err := meter.Validate(module); err == nil || strings.Contains(err.Error(), "context") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := meter.Validate(small([]byte{0x01})); err != nil {
		t.Errorf("a valid module: %v", err)
	}
}
