package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/replay"
)

// write puts bytes into a file of the test.
func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func encoded(t *testing.T, rec *replay.Recording) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := replay.Write(&out, rec); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// exit is the code that an error of a command exits with.
func exit(err error) int {
	var coded interface{ ExitCode() int }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coded):
		return coded.ExitCode()
	default:
		return 1
	}
}

// crash is a recording of a guest that was never run: what it ends with is
// filled in by the test.
func crash(module []byte) *replay.Recording {
	header := abi.CallHeader{Op: abi.OpHTTPHandle, CallID: 1, PayloadLen: 4}
	sum := sha256.Sum256(module)
	rec := &replay.Recording{
		Head: replay.Head{
			At: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), Plugin: "recorded", Version: "1.0.0", Digest: hex.EncodeToString(sum[:]),
			ABI: abi.Version, Op: "http.handle/1", Bodies: true,
		},
		Input:   append(header.AppendTo(nil), "trap"...),
		Outcome: replay.Outcome{Kind: "internal", Crashed: true, Cause: "out of bounds memory access"},
	}
	rec.Limits.Deadline = time.Minute
	return rec
}

func TestReplayOnALaptop(t *testing.T) {
	one, two := plugintest.Recorded(t, "1"), plugintest.Recorded(t, "2")
	module, mended := write(t, "one.wasm", one), write(t, "two.wasm", two)
	rec := crash(one)

	// The stack is not in the file yet, so that it differs.
	out, err := command(t, "plugin", "replay", write(t, "a.replay", encoded(t, rec)), "--module", module, "--output", "json")
	var report replayReport
	if bad := json.Unmarshal([]byte(out), &report); bad != nil || exit(err) != 1 || report.Reproduced || report.Now.Cause != rec.Outcome.Cause {
		t.Fatalf("%v %v: %s", err, bad, out)
	}
	rec.Outcome.Stack, rec.Outcome.Fuel = report.Now.Stack, report.Now.Fuel
	file := write(t, "b.replay", encoded(t, rec))
	out, err = command(t, "plugin", "replay", file, "--module", module)
	if exit(err) != 0 || !strings.Contains(out, "It reproduces.") || !strings.Contains(out, "out of bounds memory access") || report.Now.Fuel == 0 {
		t.Errorf("%v: %s", err, out)
	}
	out, err = command(t, "plugin", "replay", file, "--module", module, "--against", mended)
	for _, want := range []string{"against: ok", "fuel:    ", "  - internal", "  + ok", "mended"} {
		if !strings.Contains(out, want) || exit(err) != 1 {
			t.Errorf("%v, want %q in: %s", err, want, out)
		}
	}
	if out, err = command(t, "plugin", "replay", file, "--against", module); exit(err) != 0 || !strings.Contains(out, "Nothing else changes.") {
		t.Errorf("against itself: %v: %s", err, out)
	}
}

// Files that nobody's host has written end with a message and with code 2.
func TestReplayOfHostileFiles(t *testing.T) {
	module := write(t, "one.wasm", plugintest.Recorded(t, "1"))
	good := crash(plugintest.Recorded(t, "1"))
	text := string(encoded(t, good))
	without := *good
	without.Bodies = false
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range replay.MaxSize>>20 + 1 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	_ = z.Close()
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"empty":                  {nil, "is empty"},
		"no recording":           {[]byte("{}\n"), "not the start of a recording"},
		"not even text":          {[]byte("\x00asm\x01\x00\x00\x00"), "not the start"},
		"another format":         {[]byte(strings.Replace(text, "replay/1", "replay/9", 1)), `format "replay/9"`},
		"another ABI":            {[]byte(strings.Replace(text, `"abi":1`, `"abi":7`, 1)), "ABI 7"},
		"an unknown operation":   {[]byte(strings.Replace(text, `"op":"http.handle/1"`, `"op":"world.end/1"`, 1)), "world.end/1"},
		"cut off":                {[]byte(text[:len(text)-60]), "line 4"},
		"cut off between lines":  {[]byte(text[:strings.LastIndex(strings.TrimSpace(text), "\n")+1]), "cut off"},
		"an unknown line":        {[]byte(strings.Replace(text, `{"is":"around"`, `{"is":"surprise"`, 1)), "surprise"},
		"a seed of a wrong size": {[]byte(strings.Replace(text, `"start":{}`, `"start":{"seed":"AAAA"}`, 1)), "seed of 3 bytes"},
		"without payloads":       {encoded(t, &without), "without payloads"},
		"a bomb":                 {bomb.Bytes(), "larger than 64 MiB"},
		"half of a bomb":         {bomb.Bytes()[:bomb.Len()/2], "reading the recording"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := command(t, "plugin", "replay", write(t, "x.replay", c.content), "--module", module)
			if exit(err) != 2 || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v (code %d): %s", err, exit(err), out)
			}
		})
	}
	if _, err := command(t, "plugin", "replay", write(t, "x.replay", []byte(text))); exit(err) != 2 || !strings.Contains(err.Error(), "--module") {
		t.Errorf("without the module: %v", err)
	}
	if _, err := command(t, "plugin", "replay", write(t, "x.replay", []byte(text)), "--module", write(t, "no.wasm", []byte("no"))); err == nil {
		t.Error("what is no module runs")
	}
}
