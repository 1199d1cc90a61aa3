package loadtest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed wrk.lua
var wrkScript []byte

// Wrk sends load with the program wrk.
type Wrk struct {
	path    string
	version string
}

// FindWrk returns wrk if it is installed.
func FindWrk(ctx context.Context) (*Wrk, bool) {
	path, err := exec.LookPath("wrk")
	if err != nil {
		return nil, false
	}
	// wrk -v prints its version and exits with an error.
	out, _ := exec.CommandContext(ctx, path, "-v").CombinedOutput()
	version, _, _ := strings.Cut(string(out), " [")
	return &Wrk{path: path, version: version}, true
}

// Name implements Generator.
func (w *Wrk) Name() string { return w.version + ", one thread, keep-alive" }

// Run implements Generator.
func (w *Wrk) Run(ctx context.Context, l Load) (Result, error) {
	dir, err := os.MkdirTemp("", "callboard-wrk-")
	if err != nil {
		return Result{}, fmt.Errorf("making a folder for wrk: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	script, requests := filepath.Join(dir, "load.lua"), filepath.Join(dir, "requests")
	if err := os.WriteFile(script, wrkScript, 0o600); err != nil {
		return Result{}, fmt.Errorf("writing wrk's script: %w", err)
	}
	var b []byte
	for _, r := range l.Requests {
		b = binary.BigEndian.AppendUint32(b, uint32(len(r))) //nolint:gosec // a request of 4 GiB is not sent
		b = append(b, r...)
	}
	if err := os.WriteFile(requests, b, 0o600); err != nil {
		return Result{}, fmt.Errorf("writing wrk's requests: %w", err)
	}
	// One thread serves all connections: more would take from the server.
	cmd := exec.CommandContext(ctx, w.path, "--threads", "1", "--connections", fmt.Sprint(l.Clients),
		"--duration", fmt.Sprintf("%ds", int(max(l.Duration.Round(time.Second), time.Second)/time.Second)),
		"--timeout", "10s", "--script", script, "http://"+l.Address, "--", requests)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Result{}, fmt.Errorf("running wrk: %w: %s", err, out)
	}
	res, err := readWrk(out)
	res.ClientCPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return res, err
}

// wrkMark begins the line that the script adds to wrk's own report.
const wrkMark = "callboard-bench "

func readWrk(out []byte) (Result, error) {
	_, line, found := bytes.Cut(out, []byte(wrkMark))
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var sum struct {
		Requests, Errors, Bytes int64
		Duration, P50, P99      int64 // µs
	}
	if err := json.Unmarshal(line, &sum); err != nil || !found {
		return Result{}, fmt.Errorf("wrk's report has no summary: %s", out)
	}
	return Result{
		Requests: sum.Requests, Errors: sum.Errors, Bytes: sum.Bytes,
		Duration: time.Duration(sum.Duration) * time.Microsecond,
		P50:      time.Duration(sum.P50) * time.Microsecond, P99: time.Duration(sum.P99) * time.Microsecond,
	}, nil
}
