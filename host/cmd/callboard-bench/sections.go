package main

import (
	"fmt"
	"strings"
)

func sectionNames() []string { return []string{"server", "requests", "growth", "ratio", "profile"} }

// sections renders what was measured as Markdown.
func (r *report) sections() map[string]string {
	out := map[string]string{}
	if len(r.Stores) > 0 {
		out["server"] = r.source() + r.serverTable()
		out["requests"] = r.source() + r.requestTables()
	}
	if len(r.Growth) > 0 {
		out["growth"] = r.source() + r.growthTable()
	}
	if len(r.Ratios) > 0 {
		out["ratio"] = r.source() + r.ratioTable()
	}
	if len(r.Profiles) > 0 {
		out["profile"] = r.source() + r.profileTable()
	}
	return out
}

// source says where the figures of a section come from.
func (r *report) source() string {
	return fmt.Sprintf("%s, commit `%s`, %s, %s.\nLoad: %s. `%s`: medians of %d runs.\n\n",
		r.Date.Format("2006-01-02"), r.Commit, r.Go, r.Machine, r.Generator, r.Command, r.RunCount)
}

func (r *report) serverTable() string {
	var t table
	t.row("figure", "Backstage", "must")
	for _, s := range r.Stores {
		t.add(s.Version)
	}
	for _, w := range wholes() {
		goal := "–"
		if w.goal > 0 {
			goal = "≤ " + number(w.goal) + " " + w.unit
		}
		reference := w.backstage
		if reference != "–" {
			reference += " " + w.unit
		}
		t.row(w.name, reference, goal)
		for _, s := range r.Stores {
			value := w.of(s)
			t.add(number(value) + " " + w.unit + miss(w.goal > 0 && value > w.goal))
		}
	}
	return t.String()
}

func (r *report) requestTables() string {
	var b strings.Builder
	for _, clients := range []int{16, 1} {
		var t table
		t.row("request", "Backstage", "must")
		for _, s := range r.Stores {
			t.add(s.Store, "p50", "p99", "CPU a request")
		}
		t.add("times Backstage", "answer")
		listed := false
		for i, c := range r.Stores[0].Cases {
			if c.Clients != clients {
				continue
			}
			listed = true
			r.requestRow(&t, i, clients)
		}
		if listed {
			fmt.Fprintf(&b, "%d client%s, requests a second:\n\n%s\n", clients, plural(clients), t.String())
		}
	}
	b.WriteString(r.footnotes())
	return b.String()
}

func (r *report) requestRow(t *table, i, clients int) {
	c := r.Stores[0].Cases[i]
	ref := references()[c.Name]
	backstage, goal := ref.rate1, ref.rateGoal
	theirs := fmt.Sprintf("%s, %s ms CPU", thousands(backstage), number(ref.cpu))
	if clients == 16 {
		backstage = ref.rate16
		theirs = fmt.Sprintf("%s, p99 %s ms, %s ms CPU", thousands(backstage), number(ref.p99), number(ref.cpu))
	}
	must := "–"
	if goal > 0 && clients == 16 {
		if must = "≥ " + thousands(goal); ref.p99Goal > 0 {
			must += ", p99 ≤ " + number(ref.p99Goal) + " ms"
		}
	}
	t.row(c.Name, theirs, must)
	for _, s := range r.Stores {
		one := s.Cases[i]
		t.add(thousands(one.Rate)+miss(clients == 16 && goal > 0 && one.Rate < goal), number(one.P50)+" ms",
			number(one.P99)+" ms"+miss(clients == 16 && ref.p99Goal > 0 && one.P99 > ref.p99Goal), number(one.CPU)+" ms")
	}
	t.add(fmt.Sprintf("%.0f×", c.Rate/backstage), fmt.Sprintf("%s B", thousands(float64(c.BodySize))))
}

// disturbed is the share of the machine that others may take before figures
// are no longer those of the server alone.
const disturbed = 0.10

// footnotes say what the figures hide.
func (r *report) footnotes() string {
	var errors int64
	var others, client float64
	runs := 0
	for _, s := range r.Stores {
		for _, c := range s.Cases {
			errors += c.Errors
			others = max(others, c.Others)
			for _, one := range c.Runs {
				client += one.ClientCPU.Seconds() / one.Duration.Seconds()
				runs++
			}
		}
	}
	return fmt.Sprintf("Errors: %d. The load generator took %.2f of the cores on average. Other processes took at most %.0f %% of the machine (median of a case's runs).%s\n",
		errors, client/float64(max(runs, 1)), 100*others, warning(others))
}

// warning is what a reader must know when others took that share of the machine.
func warning(others float64) string {
	if others <= disturbed {
		return ""
	}
	return " **The machine was busy with other work: rates and latencies say less than CPU time.**"
}

func (r *report) ratioTable() string {
	var t table
	var others float64
	t.row("handler", "plugin, requests/s", "native, requests/s", "ratio (must ≥ "+number(100*ratioGoal)+" %)", "plugin, CPU", "native, CPU", "the sandbox adds")
	for _, one := range r.Ratios {
		t.row(one.Name, thousands(one.Plugin.Rate), thousands(one.Native.Rate), fmt.Sprintf("%.0f %%", 100*one.Ratio)+miss(one.Ratio < ratioGoal),
			number(one.Plugin.CPU)+" ms", number(one.Native.CPU)+" ms", fmt.Sprintf("%.0f µs", 1000*one.Added))
		others = max(others, one.Plugin.Others, one.Native.Others)
	}
	return t.String() + fmt.Sprintf("\nOther processes took at most %.0f %% of the machine.%s\n", 100*others, warning(others))
}

func (r *report) profileTable() string {
	var t table
	t.row("request")
	for _, s := range r.Profiles[0].Stages {
		t.add(s.Stage)
	}
	t.add("CPU a request")
	for _, p := range r.Profiles {
		t.row(p.Case)
		for _, s := range p.Stages {
			t.add(fmt.Sprintf("%.0f %%", 100*s.Share))
		}
		t.add(number(p.CPU) + " ms")
	}
	return t.String()
}

// miss marks a figure that does not reach its goal.
func miss(missed bool) string {
	if missed {
		return " **(missed)**"
	}
	return ""
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// number prints with about three digits.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// thousands prints a whole number with commas.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// table is a Markdown table; its first row is the head.
type table struct{ rows [][]string }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// add appends cells to the last row.
func (t *table) add(cells ...string) {
	last := len(t.rows) - 1
	t.rows[last] = append(t.rows[last], cells...)
}

func (t *table) String() string {
	var b strings.Builder
	for i, row := range t.rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	return b.String()
}
