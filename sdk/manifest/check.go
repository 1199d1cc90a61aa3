package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk/contract"
)

// Check compares the manifest with what the code registers and names every
// difference, with the line that is wrong or the line that is missing.
func Check(m *Manifest, code contract.Description) []Problem {
	var out []Problem
	at := func(line int, format string, args ...any) {
		out = append(out, Problem{File: m.file, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	registered := map[contract.Route]bool{}
	for _, r := range code.Routes {
		registered[r] = true
	}
	declared := map[contract.Route]bool{}
	for _, r := range m.Routes {
		route := contract.Route{Method: r.Method, Path: r.Path}
		declared[route] = true
		if !registered[route] {
			at(r.Line, "route %s %s is declared but the code does not register it", r.Method, r.Path)
		}
	}
	for _, r := range code.Routes {
		if !declared[r] {
			at(0, "the code registers a route that is not declared; add under \"routes:\": - {method: %s, path: %s}", r.Method, yamlText(r.Path))
		}
	}
	var processors, providers []named
	for _, p := range m.Extensions.Processors {
		processors = append(processors, named{p.Name, p.Line})
	}
	for _, p := range m.Extensions.Providers {
		providers = append(providers, named{p.Name, p.Line})
	}
	compare("processor", "processors", "- {name: %s, kinds: [Component]}", processors, code.Processors, at)
	compare("provider", "providers", "- {name: %s}", providers, code.Providers, at)
	var topics, schedules []named
	for _, topic := range m.Extensions.Events.Subscribe {
		topics = append(topics, named{topic, 0})
	}
	for _, s := range m.Extensions.Schedules {
		if !m.RunsByItself(s.ID) {
			schedules = append(schedules, named{s.ID, s.Line})
		}
	}
	compare("event handler", "events: subscribe", "- %s", topics, code.Events, at)
	compare("schedule", "schedules", "- {id: %s, every: 1h}", schedules, code.Schedules, at)
	if _, declared := m.Capabilities["task"]; len(code.Tasks) > 0 && !declared {
		at(0, "the code registers tasks (%s) and the capability task is not declared; add under \"capabilities:\": task: {reason: …}", strings.Join(code.Tasks, ", "))
	}
	return out
}

// RunsByItself reports whether the host knows what a schedule is for: its
// provider or collator, which the code registers under their own names.
func (m *Manifest) RunsByItself(id string) bool {
	for _, p := range m.Extensions.Providers {
		if p.Schedule == id {
			return true
		}
	}
	for _, c := range m.Extensions.Collators {
		if c.Schedule == id {
			return true
		}
	}
	return false
}

type named struct {
	name string
	line int
}

func compare(what, list, example string, declared []named, registered []string, at report) {
	for _, d := range declared {
		if !slices.Contains(registered, d.name) {
			at(d.line, "%s %s is declared but the code does not register it", what, d.name)
		}
	}
	for _, name := range registered {
		if !slices.ContainsFunc(declared, func(d named) bool { return d.name == name }) {
			at(0, "the code registers a %s that is not declared; add under \"extensions: %s:\": %s", what, list, fmt.Sprintf(example, name))
		}
	}
}

// yamlText quotes a path when it would not survive a YAML flow mapping.
func yamlText(s string) string {
	for _, r := range s {
		if r == '{' || r == '}' || r == ',' || r == '[' || r == ']' || r == ':' || r == '#' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}
