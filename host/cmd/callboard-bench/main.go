// Command callboard-bench measures Callboard against the requests and figures
// of docs/benchmarks.md. make bench runs it; it is not shipped.
//
// Owns: the scenarios (start, ingest, memory, load, plugin against native, profile), the checks that
// answers are right, the report.
// Does not own: sending load and reading /proc (loadtest), the catalog that is loaded (catalogbench).
// Flow: flags → catalog files → bin/callboard as a child per store → figures → JSON, docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/callboard/callboard/host/internal/loadtest"
)

func main() { os.Exit(exitCode()) }

// exitCode runs the command line; what was started is stopped before it returns.
func exitCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "callboard-bench: "+err.Error())
		return 1
	}
	return 0
}

// bench is one invocation.
type bench struct {
	plan
	out           io.Writer
	dir           string // scratch
	binary        string
	guest         string // module of testdata/guest
	catalogModule string // module of the core plugin
	postgres      string // DSN of a server's database postgres; empty = there is none
	entities      int
	seed          uint64
	files         []string // of the catalog, once they are written
	profileFor    int      // seconds
	only          string   // names of cases, with commas between
}

func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format+"\n", args...) }

type options struct {
	suites, stores, sizes, twin, cache, json, docs, commit string
	socket                                                 bool
}

func run(ctx context.Context, args []string, out io.Writer) error {
	b := &bench{out: out, plan: plan{clients: []int{1, 16}, cores: runtime.NumCPU()}}
	var o options
	flags := flag.NewFlagSet("callboard-bench", flag.ContinueOnError)
	flags.StringVar(&o.suites, "suites", "catalog,ratio", "what to measure: catalog, ratio, growth, profile")
	flags.StringVar(&o.stores, "stores", "sqlite,postgres", "databases of the catalog suite")
	flags.StringVar(&o.sizes, "sizes", "1000,3000,10000,30000,100000", "entities of the catalogs of the growth suite")
	flags.StringVar(&b.only, "cases", "", "cases of the catalog and profile suites; empty = all")
	flags.StringVar(&b.binary, "binary", "bin/callboard", "server to measure")
	flags.StringVar(&b.guest, "guest", "", "module of the comparison's plugin")
	flags.StringVar(&b.catalogModule, "catalog-module", "plugins/catalog/dist/plugin.wasm", "module of the core plugin catalog")
	flags.StringVar(&b.postgres, "postgres", "", "URL of the database postgres on a PostgreSQL server")
	flags.IntVar(&b.entities, "entities", 10_000, "size of the catalog")
	flags.Uint64Var(&b.seed, "seed", 42, "seed of the catalog")
	flags.IntVar(&b.runs, "runs", 3, "runs of every figure; medians are reported")
	flags.IntVar(&b.seconds, "seconds", 4, "length of one run of load")
	flags.IntVar(&b.profileFor, "profile-seconds", 10, "length of a profile")
	flags.BoolVar(&o.socket, "sockets", false, "send load with sockets of our own even where wrk is installed")
	flags.StringVar(&o.commit, "commit", "", "what is measured, for the report")
	flags.StringVar(&o.json, "json", "", "file for the figures")
	flags.StringVar(&o.docs, "docs", "", "Markdown file whose marked sections are replaced")
	flags.StringVar(&o.twin, "twin", "", "serve the ratio suite on this address (used by the suite itself)")
	flags.StringVar(&o.cache, "cache", "", "folder for machine code of -twin")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading flags: %w", err)
	}
	if o.twin != "" {
		return serveTwin(ctx, o.twin, b.guest, b.catalogModule, o.cache)
	}
	dir, err := os.MkdirTemp("", "callboard-bench-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b.dir = dir
	if b.generator = pickGenerator(ctx, o.socket); b.binary != "" {
		if b.binary, err = filepath.Abs(b.binary); err != nil {
			return fmt.Errorf("finding the server: %w", err)
		}
	}
	r := newReport(ctx, b, o.commit, args)
	b.say("%s on %s; load from %s", r.Commit, r.Machine, r.Generator)
	if err := b.measureAll(ctx, o, r); err != nil {
		return err
	}
	return r.write(out, o.json, o.docs)
}

func pickGenerator(ctx context.Context, sockets bool) loadtest.Generator {
	if wrk, ok := loadtest.FindWrk(ctx); ok && !sockets {
		return wrk
	}
	return loadtest.Sockets{}
}

func (b *bench) measureAll(ctx context.Context, o options, r *report) (err error) {
	suites := strings.Split(o.suites, ",")
	if slices.Contains(suites, "catalog") {
		for _, name := range strings.Split(o.stores, ",") {
			if name == "postgres" && b.postgres == "" {
				b.say("postgres: SKIPPED, no server was given with -postgres")
				continue
			}
			one, err := b.measureStore(ctx, name)
			if err != nil {
				return fmt.Errorf("measuring on %s: %w", name, err)
			}
			r.Stores = append(r.Stores, one)
		}
	}
	if slices.Contains(suites, "growth") {
		if r.Growth, err = b.grow(ctx, o.sizes, o.stores); err != nil {
			return err
		}
	}
	if slices.Contains(suites, "ratio") {
		if r.Ratios, err = b.measureRatio(ctx); err != nil {
			return fmt.Errorf("comparing a plugin with native code: %w", err)
		}
	}
	if slices.Contains(suites, "profile") {
		if r.Profiles, err = b.profile(ctx); err != nil {
			return fmt.Errorf("profiling: %w", err)
		}
	}
	return nil
}

// firstOf returns err, or what cleaning up said.
func firstOf(err, cleanup error) error {
	if err != nil {
		return err
	}
	return cleanup
}

var errUsage = errors.New("there is no such store; stores are sqlite and postgres")
