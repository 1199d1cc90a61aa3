package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
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
	Growth    []growthResult  `json:"growth,omitempty"`
	Ratios    []ratioResult   `json:"ratios,omitempty"`
	Profiles  []profileResult `json:"profiles,omitempty"`
}

func newReport(ctx context.Context, b *bench, commit string, args []string) *report {
	return &report{
		Date: time.Now().UTC().Truncate(time.Minute), Command: command(args), Commit: commit, Go: loadtest.GoVersion(ctx),
		Machine: loadtest.Machine(), Generator: b.generator.Name(), Entities: b.entities, Seed: b.seed, RunCount: b.runs, Seconds: b.seconds,
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
	text, err := loadtest.ReplaceSections(string(page), sections)
	if err != nil {
		return fmt.Errorf("%s: %w", docsFile, err)
	}
	if err := os.WriteFile(docsFile, []byte(text), 0o644); err != nil { //nolint:gosec // a page of the docs
		return fmt.Errorf("writing the page of benchmarks: %w", err)
	}
	return nil
}
