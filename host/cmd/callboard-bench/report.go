package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report is everything that was measured, as the JSON file has it.
type report struct {
	Date      time.Time       `json:"date"`
	Command   string          `json:"command"`
	Commit    string          `json:"commit"`
	Go        string          `json:"go"`
	Machine   string          `json:"machine"`
	Generator string          `json:"generator"`
	Entities  int             `json:"entities"`
	Seed      uint64          `json:"seed"`
	RunCount  int             `json:"runCount"`
	Seconds   int             `json:"secondsPerRun"`
	Stores    []*storeResult  `json:"stores,omitempty"`
	Ratios    []ratioResult   `json:"ratios,omitempty"`
	Profiles  []profileResult `json:"profiles,omitempty"`
}

func newReport(ctx context.Context, b *bench, commit string, args []string) *report {
	return &report{
		Date: time.Now().UTC().Truncate(time.Minute), Command: command(args), Commit: commit, Go: goVersion(ctx),
		Machine: machine(), Generator: b.generator.Name(), Entities: b.entities, Seed: b.seed, RunCount: b.runs, Seconds: b.seconds,
	}
}

// command leaves out paths, which say nothing and differ everywhere.
func command(args []string) string {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch name, _, joined := strings.Cut(args[i], "="); name {
		case "-postgres", "-json", "-docs", "-guest", "-catalog-module", "-binary", "-commit":
			if !joined {
				i++
			}
		default:
			kept = append(kept, args[i])
		}
	}
	return strings.Join(append([]string{"callboard-bench"}, kept...), " ")
}

func goVersion(ctx context.Context) string {
	// Of the toolchain that built the server; this program may be built by go run.
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return runtime.Version()
	}
	return strings.TrimSpace(string(out))
}

// machine describes where the figures come from.
func machine() string {
	model := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		lines := bufio.NewScanner(bytes.NewReader(b))
		for lines.Scan() {
			if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel := runtime.GOOS
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = "Linux " + strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%s, %d cores, %s", model, runtime.NumCPU(), kernel)
}

// write prints the report, and writes it to the files that are named.
func (r *report) write(out io.Writer, jsonFile, docsFile string) error {
	sections := r.sections()
	for _, name := range sectionNames() {
		if text := sections[name]; text != "" {
			if _, err := fmt.Fprintf(out, "\n%s", text); err != nil {
				return fmt.Errorf("printing the report: %w", err)
			}
		}
	}
	if jsonFile != "" {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding the report: %w", err)
		}
		if err := os.WriteFile(jsonFile, append(b, '\n'), 0o644); err != nil { //nolint:gosec // a report is for everybody
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if docsFile == "" {
		return nil
	}
	page, err := os.ReadFile(docsFile) //nolint:gosec // named by the caller
	if err != nil {
		return fmt.Errorf("reading the page of benchmarks: %w", err)
	}
	text, err := replaceSections(string(page), sections)
	if err != nil {
		return fmt.Errorf("%s: %w", docsFile, err)
	}
	if err := os.WriteFile(docsFile, []byte(text), 0o644); err != nil { //nolint:gosec // a page of the docs
		return fmt.Errorf("writing the page of benchmarks: %w", err)
	}
	return nil
}

// replaceSections puts each section between its markers,
// <!-- bench:NAME --> and <!-- /bench:NAME -->. Sections that were not
// measured stay as they are.
func replaceSections(page string, sections map[string]string) (string, error) {
	for _, name := range sectionNames() {
		text := sections[name]
		if text == "" {
			continue
		}
		begin, end := "<!-- bench:"+name+" -->", "<!-- /bench:"+name+" -->"
		before, rest, found := strings.Cut(page, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			return "", fmt.Errorf("the page has no section between %s and %s", begin, end)
		}
		page = before + begin + "\n" + text + end + after
	}
	return page, nil
}
