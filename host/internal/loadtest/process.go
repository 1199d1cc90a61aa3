package loadtest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the CPU times in /proc: USER_HZ, 100 on every Linux that
// Go runs on.
const tick = time.Second / 100

// Memory is the resident memory of a process.
type Memory struct {
	Resident int64 `json:"resident"` // VmRSS, bytes
	Peak     int64 `json:"peak"`     // VmHWM, bytes
	File     int64 `json:"file"`     // RssFile: pages of files, which the system may drop
}

// ReadMemory reads the resident memory of a process from /proc, Linux only.
func ReadMemory(pid int) (Memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, fmt.Errorf("reading the memory of a process: %w", err)
	}
	var m Memory
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		field := map[string]*int64{"VmRSS": &m.Resident, "VmHWM": &m.Peak, "RssFile": &m.File}[name]
		if field == nil {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return Memory{}, fmt.Errorf("reading the memory of a process: %q", line)
		}
		*field = kib << 10
	}
	return m, nil
}

// CPU returns the user and system time that a process has used, Linux only.
func CPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time of a process: %w", err)
	}
	// The second field is the program's name, which may hold anything.
	_, rest, found := bytes.Cut(b[bytes.LastIndexByte(b, ')')+1:], []byte(" "))
	fields := strings.Fields(string(rest))
	if !found || len(fields) < 13 {
		return 0, fmt.Errorf("reading the CPU time of a process: %q", b)
	}
	return ticks(fields[11], fields[12])
}

// MachineCPU returns the time that all cores together were busy since boot,
// Linux only.
func MachineCPU() (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time of the machine: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("reading the CPU time of the machine: %q", line)
	}
	// user, nice, system, then idle and iowait, then irq, softirq.
	return ticks(fields[1], fields[2], fields[3], fields[6], fields[7])
}

func ticks(fields ...string) (time.Duration, error) {
	var sum time.Duration
	for _, f := range fields {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading a CPU time: %q", f)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// Cost is what a run cost the machine.
type Cost struct {
	Server time.Duration `json:"server"` // CPU time of the server process
	// Others is CPU time that neither the server nor the generator used. A run
	// with much of it was disturbed.
	Others time.Duration `json:"others"`
}

// Meter reads what a server costs between Start and Stop.
type Meter struct {
	PID             int
	server, machine time.Duration
}

// Start begins to measure.
func (m *Meter) Start() (err error) {
	if m.server, err = CPU(m.PID); err != nil {
		return err
	}
	m.machine, err = MachineCPU()
	return err
}

// Stop returns what was used since Start; client is what the generator used.
func (m *Meter) Stop(client time.Duration) (Cost, error) {
	server, err := CPU(m.PID)
	if err != nil {
		return Cost{}, err
	}
	machine, err := MachineCPU()
	if err != nil {
		return Cost{}, err
	}
	c := Cost{Server: server - m.server}
	c.Others = max(machine-m.machine-c.Server-client, 0)
	return c, nil
}
