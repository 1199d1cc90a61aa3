package app

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestLoadingLeavesBoundedGarbage(t *testing.T) {
	for _, tc := range []struct {
		name  string
		live  uint64
		usual int
		want  int
	}{
		{"nothing is in use yet", 0, 100, 400},
		{"little", 32 << 20, 100, 400},
		{"more", 128 << 20, 100, 200},
		{"a large catalog", 800 << 20, 100, 100},
		{"the operator's rate is higher", 800 << 20, 300, 300},
		{"the operator wants no collection", 800 << 20, -1, 400},
	} {
		if got := loadRate(tc.live, tc.usual); got != tc.want {
			t.Errorf("%s: %d %%, want %d", tc.name, got, tc.want)
		}
	}
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	restore := collectLess()
	runtime.GC() // sets the rate anew, sooner or later
	restore()
	runtime.GC()
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("the rate is %d afterwards, want 100", got)
	}
}
