// Command pluginbench compares the plugin runtime with what else there is:
// wazero alone, Extism's go-sdk, HashiCorp's go-plugin. make bench-plugins runs
// it; it is a module of its own so that nobody's dependencies but its own grow.
//
// Owns: the subjects (one way of calling a plugin each), the figures side by side in one run, the report.
// Does not own: load over HTTP (cmd/callboard-bench), Go benchmarks of single functions.
// Flow: flags → sections, each measured in rounds over all of its subjects → medians → docs/benchmarks.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

func main() {
	os.Exit(exitCode())
}

func exitCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if served() { // this process is the other side of go-plugin
		return 0
	}
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, "pluginbench: "+err.Error())
		return 1
	}
	return 0
}

// bench is one invocation.
type bench struct {
	guest  string        // module of guest
	extism string        // module of the Extism guest; empty = without Extism
	rounds int           // of every figure
	each   time.Duration // length of one measurement
	cache  string        // folder of machine code
	out    io.Writer
}

func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format+"\n", args...) }

// section is a part of the report.
type section struct {
	name    string
	measure func(ctx context.Context, b *bench) (string, error)
}

func sections() []section {
	return []section{
		{"calls", measureCalls},
		{"metering", measureMetering},
		{"swap", measureSwap},
		{"neighbour", measureNeighbour},
		{"fleet", measureFleet},
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if order := os.Getenv(serveFleet); order != "" { // this process holds the twenty plugins
		f, err := runFleet(ctx, order)
		if err != nil {
			return err
		}
		return json.NewEncoder(out).Encode(f)
	}
	b := &bench{out: out}
	var only, docs, commit string
	flags := flag.NewFlagSet("pluginbench", flag.ContinueOnError)
	flags.StringVar(&b.guest, "guest", "", "module of ./guest")
	flags.StringVar(&b.extism, "extism", "", "module of the Extism guest in Go; empty leaves Extism out")
	flags.IntVar(&b.rounds, "rounds", 5, "rounds; medians are reported")
	flags.DurationVar(&b.each, "each", 400*time.Millisecond, "length of one measurement")
	flags.StringVar(&only, "sections", "", "sections to measure, with commas between; empty = all")
	flags.StringVar(&docs, "docs", "", "Markdown file whose marked sections are replaced")
	flags.StringVar(&commit, "commit", "", "what is measured, for the report")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	dir, err := os.MkdirTemp("", "pluginbench-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b.cache = dir
	head := fmt.Sprintf("%s, commit `%s`, %s, %s.\n`pluginbench -rounds %d -each %v`: medians of %d rounds over all columns.\n\n",
		time.Now().UTC().Format(time.DateOnly), commit, loadtest.GoVersion(ctx), loadtest.Machine(), b.rounds, b.each, b.rounds)
	texts := map[string]string{}
	for _, s := range sections() {
		if only != "" && !slices.Contains(strings.Split(only, ","), s.name) {
			continue
		}
		b.say("measuring %s", s.name)
		text, err := s.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("measuring %s: %w", s.name, err)
		}
		texts["plugins-"+s.name] = head + text
		b.say("\n%s", text)
	}
	if docs == "" {
		return nil
	}
	page, err := os.ReadFile(docs)
	if err != nil {
		return fmt.Errorf("reading the page of benchmarks: %w", err)
	}
	text, err := loadtest.ReplaceSections(string(page), texts)
	if err != nil {
		return fmt.Errorf("%s: %w", docs, err)
	}
	return os.WriteFile(docs, []byte(text), 0o644) //nolint:gosec // a page of the docs
}
