package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: tally FOLDER...")
		os.Exit(2)
	}
	code, err := run(os.Stdout, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

// run reads every report of the folders, prints the table and the closing line, and returns the
// exit code: 0 when something passed and nothing failed, else 1.
func run(out io.Writer, folders ...string) (int, error) {
	var suites []*suite
	for _, folder := range folders {
		found, err := collect(folder)
		if err != nil {
			return 0, err
		}
		suites = append(suites, found...)
	}
	var total count
	for _, s := range suites {
		_, _ = fmt.Fprintf(out, "%-12s %6d passed %5d failed %5d skipped\n", s.name, s.passed, s.failed, s.skipped)
		for _, name := range s.failures {
			_, _ = fmt.Fprintf(out, "  FAILED   %s\n", name)
		}
		for _, name := range s.skips {
			_, _ = fmt.Fprintf(out, "  skipped  %s\n", name)
		}
		total.add(s.count)
	}
	_, _ = fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped)
	if total.failed > 0 || total.passed == 0 {
		return 1, nil
	}
	return 0, nil
}

// collect returns the suites of a folder by name. A report that cannot be read is a failure of
// its suite: a runner that was killed must not look like one that had nothing to do.
func collect(folder string) ([]*suite, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	byName := map[string]*suite{}
	of := func(name string) *suite {
		if byName[name] == nil {
			byName[name] = &suite{name: name}
		}
		return byName[name]
	}
	for _, file := range files {
		read, suffix := reader(file.Name())
		if read == nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return nil, err
		}
		s := of(strings.TrimSuffix(file.Name(), suffix))
		if err := read(s, data); err != nil {
			s.fail(fmt.Sprintf("%s cannot be read: %v", file.Name(), err))
		}
	}
	if err := readChecks(filepath.Join(folder, "checks.tsv"), of); err != nil {
		return nil, err
	}
	suites := make([]*suite, 0, len(byName))
	for _, s := range byName {
		suites = append(suites, s)
	}
	slices.SortFunc(suites, func(a, b *suite) int { return strings.Compare(a.name, b.name) })
	return suites, nil
}

// reader chooses by the end of a file's name; other files are not reports.
func reader(name string) (read func(*suite, []byte) error, suffix string) {
	switch {
	case strings.HasSuffix(name, ".opa.json"):
		return readOPA, ".opa.json"
	case strings.HasSuffix(name, ".xml"):
		return readJUnit, ".xml"
	}
	return nil, ""
}
