package replay

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/callboard/callboard/sdk/payload"
)

// Result is what a run came to.
type Result struct {
	Outcome     Outcome
	Steps       []Step  // host calls in order
	Log         []Event // of KindLog
	Unused      int     // recorded host calls that it did not make
	Divergences []Divergence
}

// Result returns what passed the door, with the outcome that the runtime tells.
func (d *Door) Result(o Outcome) Result {
	return Result{Outcome: o, Steps: d.steps, Log: d.log, Unused: len(d.calls), Divergences: d.divergences}
}

// Recorded returns the recording as if it were a run, to compare runs with.
func (r *Recording) Recorded() Result {
	out := Result{Outcome: r.Outcome}
	for i := range r.Events {
		switch e := &r.Events[i]; e.Kind {
		case KindCall:
			out.Steps = append(out.Steps, Step{Capability: e.Capability, Op: e.Op, Request: e.Request, Hash: e.Hash})
		case KindLog:
			out.Log = append(out.Log, *e)
		}
	}
	return out
}

// Fuel is the fuel that a run on a fresh instance of the same module must use,
// 0 when that is not known.
func (r *Recording) Fuel() uint64 {
	switch {
	case r.Verified.Fuel > 0:
		return r.Verified.Fuel
	case r.EarlierCalls == 0:
		return r.Outcome.Fuel
	default:
		return 0
	}
}

// Same reports what a run does otherwise than the recording, for a run of the
// same module; nothing = it reproduces. The first one is the first that was noticed.
func (r *Recording) Same(run Result) []string {
	var out []string
	for _, d := range run.Divergences {
		out = append(out, d.String())
	}
	out = append(out, outcomes(r.Outcome, run.Outcome)...)
	if run.Unused > 0 && !r.Truncated {
		out = append(out, fmt.Sprintf("%d of the recorded host calls were not made", run.Unused))
	}
	if want := r.Fuel(); want > 0 && run.Outcome.Fuel > 0 && want != run.Outcome.Fuel {
		out = append(out, fmt.Sprintf("fuel: %d recorded, %d now", want, run.Outcome.Fuel))
	}
	return out
}

// outcomes says how two ends differ.
func outcomes(a, b Outcome) []string {
	var out []string
	differ := func(what, x, y string) {
		if x != y {
			out = append(out, fmt.Sprintf("%s:\n%s", what, diff(x, y)))
		}
	}
	differ("outcome", a.Kind, b.Kind)
	differ("cause", a.Cause, b.Cause)
	differ("stack", a.Stack, b.Stack)
	differ("stderr", plain(a.Stderr), plain(b.Stderr))
	if !bytes.Equal(a.Reply, b.Reply) {
		out = append(out, "reply:\n"+diff(text(a.Reply), text(b.Reply)))
	}
	return out
}

// Changes says what another version does otherwise than the first, both run
// from the same recording: how it ends, what it asks the host, what it logs.
// Fuel is no change by itself; see FuelChange.
func Changes(before, after Result) []string {
	out := outcomes(before.Outcome, after.Outcome)
	if d := diff(steps(before.Steps), steps(after.Steps)); d != "" {
		out = append(out, "host calls:\n"+d)
	}
	if d := diff(logged(before.Log), logged(after.Log)); d != "" {
		out = append(out, "log:\n"+d)
	}
	return out
}

// FuelChange is the fuel of after beside that of before in percent; ok is
// false when one is not known.
func FuelChange(before, after Result) (percent float64, ok bool) {
	a, b := before.Outcome.Fuel, after.Outcome.Fuel
	if a == 0 || b == 0 {
		return 0, false
	}
	return (float64(b)/float64(a) - 1) * 100, true
}

func steps(all []Step) string {
	var out strings.Builder
	for _, s := range all {
		out.WriteString(s.String() + "\n")
	}
	return out.String()
}

func logged(lines []Event) string {
	var out strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&out, "%d %s\n", l.Level, strings.ToValidUTF8(string(l.Bytes), "\uFFFD"))
	}
	return out.String()
}

// text shows a reply without knowing its type.
func text(b []byte) string {
	if b == nil {
		return "(none)"
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// addresses are what differs between two runs of the same code that did the
// same: where the heap had room, and the numbers of goroutines.
var addresses = regexp.MustCompile(`0x[0-9a-f]+|goroutine [0-9]+`)

// plain leaves out of a guest's stderr what says nothing.
func plain(stderr string) string {
	return addresses.ReplaceAllStringFunc(stderr, func(s string) string {
		if strings.HasPrefix(s, "0x") {
			return "0x…"
		}
		return "goroutine …"
	})
}

// String says what diverged, with both sides.
func (d Divergence) String() string {
	if d.Now == nil {
		return fmt.Sprintf("after host call %d: %s", d.At, d.What)
	}
	recorded := ""
	if d.Recorded != nil {
		recorded = d.Recorded.String()
	}
	return fmt.Sprintf("host call %d: %s\n%s", d.At, d.What, diff(recorded, d.Now.String()))
}

// String shows a host call with its request.
func (s Step) String() string {
	name := OperationName(s.Capability, s.Op)
	if s.Request == nil {
		return name + " sha256:" + s.Hash
	}
	known, _ := payload.Host(s.Capability, s.Op)
	p := request(known.Request, s.Request)
	switch {
	case p.JSON != nil:
		return name + " " + string(p.JSON)
	case len(s.Request) == 0:
		return name
	default:
		return fmt.Sprintf("%s %d bytes, sha256:%.12s", name, len(s.Request), Hash(s.Request))
	}
}

// diff shows the lines of a that b lacks, and the other way round.
func diff(a, b string) string {
	var out strings.Builder
	before, after := split(a), split(b)
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
	}
	for n, m := len(before), len(after); n > 0 && m > 0 && before[n-1] == after[m-1]; n, m = n-1, m-1 {
		before, after = before[:n-1], after[:m-1]
	}
	show(&out, "  - ", before)
	show(&out, "  + ", after)
	return strings.TrimSuffix(out.String(), "\n")
}

const (
	maxLines = 20
	maxLine  = 400
)

func show(out *strings.Builder, mark string, lines []string) {
	for i, l := range lines {
		if i == maxLines {
			fmt.Fprintf(out, "%s… and %d lines more\n", mark, len(lines)-i)
			return
		}
		if len(l) > maxLine {
			l = fmt.Sprintf("%s… and %d bytes more", strings.ToValidUTF8(l[:maxLine], ""), len(l)-maxLine)
		}
		out.WriteString(mark + l + "\n")
	}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}
