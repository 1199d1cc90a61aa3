package loadtest_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/callboard/callboard/host/internal/loadtest"
)

func TestMeterSeesWhatThisProcessUses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the figures of a process are read from /proc, which Linux has")
	}
	m := loadtest.Meter{PID: os.Getpid()}
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	var cost loadtest.Cost
	for x := 1; cost.Server == 0; x++ { // ends when the kernel has counted a tick
		for range 1_000_000 {
			x = x*1664525 + 1013904223
		}
		var err error
		if cost, err = m.Stop(0); err != nil {
			t.Fatal(err)
		}
	}
	memory, err := loadtest.ReadMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if memory.Resident <= 0 || memory.Peak < memory.Resident || memory.File > memory.Resident {
		t.Errorf("memory %+v", memory)
	}
}

func TestAProcessThatIsGoneHasNoFigures(t *testing.T) {
	const none = 1 << 30 // above the highest number that Linux gives
	if _, err := loadtest.ReadMemory(none); err == nil {
		t.Error("memory without an error")
	}
	if _, err := loadtest.CPU(none); err == nil {
		t.Error("CPU time without an error")
	}
	if err := (&loadtest.Meter{PID: none}).Start(); err == nil {
		t.Error("a meter without an error")
	}
}
