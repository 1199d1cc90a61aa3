package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Origin says where a value comes from. Exactly one of File, Env and Flag is
// set; all are empty for a built-in default.
type Origin struct {
	File string // as named on the command line or by an include
	Line int    // 1-based line of the key, or of the item in a list
	Env  string // environment variable that carries the value, "APP_CONFIG_app_title"
	Flag string // command line flag, "--listen"
}

// String returns "app-config.yaml:12", the variable's or the flag's name, or
// "built-in default".
func (o Origin) String() string {
	switch {
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return o.File
	case o.Env != "":
		return o.Env
	case o.Flag != "":
		return o.Flag
	default:
		return "built-in default"
	}
}

// Origins maps the path of a value ("a.b[0].c") to where it comes from.
type Origins map[string]Origin

// At returns the origin of path, or of its nearest known parent.
func (o Origins) At(path string) Origin {
	for {
		if at, ok := o[path]; ok || path == "" {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

// Problem is one thing that is wrong, or worth knowing, and where it is.
type Problem struct {
	Origin  Origin
	Path    string // "backend.listen.port"; empty when it is about a whole file
	Message string // what is wrong and how to mend it; never a secret value
}

// Error returns "app-config.yaml:12: message".
func (p Problem) Error() string { return p.Origin.String() + ": " + p.Message }

// Problems is everything that is wrong with a configuration, in reading order.
type Problems []Problem

// Error returns one problem per line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.Is and errors.As access to each problem.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, problem := range p {
		errs[i] = problem
	}
	return errs
}

// Report is what a look at a configuration brought to light.
type Report struct {
	Files    []string // every file that was read, in reading order
	Problems Problems // why the host would not start
	Notes    Problems // tolerated, but probably not what was meant
}

func (r *Report) problem(at Origin, path, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{at, path, fmt.Sprintf(format, args...)})
}

func (r *Report) note(at Origin, path, format string, args ...any) {
	r.Notes = append(r.Notes, Problem{at, path, fmt.Sprintf(format, args...)})
}

// concerns reports whether something is already wrong at path, above or below
// it, so that one mistake is told once.
func (r *Report) concerns(path string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool {
		return p.Path != "" && (within(p.Path, path) || within(path, p.Path))
	})
}

// within reports whether path is parent or lies below it.
func within(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// sort puts findings in the order in which a reader mends them: by file in
// reading order, then by line; what has no file comes last.
func (r *Report) sort() {
	rank := func(o Origin) int {
		if i := slices.Index(r.Files, o.File); i >= 0 {
			return i
		}
		return len(r.Files)
	}
	byPlace := func(a, b Problem) int {
		if d := rank(a.Origin) - rank(b.Origin); d != 0 {
			return d
		}
		if d := strings.Compare(a.Origin.File, b.Origin.File); d != 0 {
			return d
		}
		if d := a.Origin.Line - b.Origin.Line; d != 0 {
			return d
		}
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Message, b.Message))
	}
	slices.SortStableFunc(r.Problems, byPlace)
	slices.SortStableFunc(r.Notes, byPlace)
}
