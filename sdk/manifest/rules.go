package manifest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	idPattern      = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	namePattern    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._:-]{0,62}$`)
	kindPattern    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,62}$`)
	segmentPattern = regexp.MustCompile(`^(\{[a-zA-Z][a-zA-Z0-9]*(\.\.\.)?\}|[A-Za-z0-9._~!$&'()*+,;=:@%-]+)$`)
)

// methods are the HTTP methods that a route may have. HEAD is answered from
// GET and OPTIONS by the host.
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// ReservedIDs are the plugin ids that belong to the host itself: path segments
// below /api that it serves, or will.
var ReservedIDs = []string{"plugins", "auth", "policy", "permission", "audit", "events", "proxy", "notifications", "health", "app"}

// rules checks what the types cannot say.
func (d *decoder) rules(m *Manifest, root *yaml.Node) {
	at := func(line int, format string, args ...any) {
		d.problems = append(d.problems, Problem{File: d.file, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	line := func(key string) int { return lineOf(root, key) }
	if m.APIVersion != "" && m.APIVersion != APIVersion {
		at(line("apiVersion"), "apiVersion is %q; this version of Callboard reads %s", m.APIVersion, APIVersion)
	}
	switch {
	case m.ID == "":
	case !idPattern.MatchString(m.ID):
		at(line("id"), "id is %q; write 2 to 40 characters of a-z, 0-9 and -, starting with a letter", m.ID)
	case slices.Contains(ReservedIDs, m.ID):
		at(line("id"), "id %q is reserved for the host", m.ID)
	}
	if m.Version != "" && !versionPattern.MatchString(m.Version) {
		at(line("version"), "version is %q; write a semantic version such as 1.2.0", m.Version)
	}
	for _, name := range sortedKeys(m.Capabilities) {
		ruleCapability(name, m.Capabilities[name], at)
	}
	permissions := map[string]int{}
	for _, p := range m.Permissions {
		switch first, twice := permissions[p.Name]; {
		case p.Name == "":
		case twice:
			at(p.Line, "permission %q is defined twice; the first is on line %d", p.Name, first)
		case !strings.HasPrefix(p.Name, m.ID+"."):
			at(p.Line, "permission %q must start with the plugin's id: %s.…", p.Name, m.ID)
		default:
			permissions[p.Name] = p.Line
		}
	}
	ruleRoutes(m, permissions, at)
	ruleExtensions(m, at)
	ruleModel(m, at)
	for op := range m.Runtime.Deadlines {
		if !knownOp(op) {
			at(line("runtime"), "runtime.deadlines names %q, which is no operation; write one such as http.handle/1", op)
		}
	}
	if len(m.Config) > 0 {
		ruleSchema("config", m.Config, line("config"), at)
	}
}

type report func(line int, format string, args ...any)

func ruleCapability(name string, c Capability, at report) {
	if !knownCapability(name) {
		at(c.Line, "unknown capability %q%s", name, suggest(name, capabilityNames()))
		return
	}
	b, err := json.Marshal(c.Scope)
	var set map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(b, &set)
	}
	if err != nil {
		at(c.Line, "capability %s: %v", name, err)
		return
	}
	for _, key := range sortedKeys(set) {
		if !slices.Contains(scopes[name], key) {
			at(c.Line, "capability %s has no scope %q%s", name, key, scopeHint(name))
		}
	}
	ruleOutbound(c, at)
}

func scopeHint(name string) string {
	if len(scopes[name]) == 0 {
		return "; it takes only a reason"
	}
	return "; it takes " + strings.Join(scopes[name], ", ")
}

func ruleRoutes(m *Manifest, permissions map[string]int, at report) {
	seen := map[string]int{}
	for _, r := range m.Routes {
		key := r.Method + " " + r.Path
		first, twice := seen[key]
		switch {
		case r.Method == "" || r.Path == "":
			continue
		case !slices.Contains(methods, r.Method):
			at(r.Line, "route method is %q; write one of %s", r.Method, strings.Join(methods, ", "))
		case twice:
			at(r.Line, "route %s is declared twice; the first is on line %d", key, first)
		}
		seen[key] = r.Line
		if msg := pathProblem(r.Path); msg != "" {
			at(r.Line, "route path %q %s", r.Path, msg)
		}
		if _, ok := permissions[r.Permission]; r.Permission != "" && strings.HasPrefix(r.Permission, m.ID+".") && !ok {
			at(r.Line, "route %s names permission %q, which is not under \"permissions:\"%s", key, r.Permission, suggest(r.Permission, permissions))
		}
	}
}

func pathProblem(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "must start with /"
	}
	if path == "/" {
		return ""
	}
	segments := strings.Split(path[1:], "/")
	names := map[string]bool{}
	for i, s := range segments {
		switch {
		case !segmentPattern.MatchString(s) || s == "." || s == "..":
			return fmt.Sprintf("has the segment %q; write plain text, {name} or {name...}", s)
		case strings.HasSuffix(s, "...}") && i != len(segments)-1:
			return "has {name...} before its end"
		case strings.HasPrefix(s, "{") && names[s]:
			return fmt.Sprintf("names %s twice", s)
		}
		names[s] = strings.HasPrefix(s, "{")
	}
	return ""
}

func ruleExtensions(m *Manifest, at report) {
	unique := func(what string) func(name string, line int) {
		seen := map[string]int{}
		return func(name string, line int) {
			first, twice := seen[name]
			switch {
			case name == "":
			case twice:
				at(line, "%s %q is declared twice; the first is on line %d", what, name, first)
			case !namePattern.MatchString(name):
				at(line, "%s name %q must be letters, digits, . _ : or -, starting with a letter", what, name)
			}
			seen[name] = line
		}
	}
	processor, provider, action, schedule := unique("processor"), unique("provider"), unique("action"), unique("schedule")
	for _, p := range m.Extensions.Processors {
		processor(p.Name, p.Line)
		for _, kind := range p.Kinds {
			if kind != "*" && !kindPattern.MatchString(kind) {
				at(p.Line, "processor %s: %q is not a kind; write it as Component, or * for all", p.Name, kind)
			}
		}
	}
	schedules := map[string]bool{}
	for _, s := range m.Extensions.Schedules {
		schedule(s.ID, s.Line)
		schedules[s.ID] = true
		if (s.Every == 0) == (s.Cron == "") {
			at(s.Line, "schedule %s needs one of every and cron", s.ID)
		}
	}
	for _, p := range m.Extensions.Providers {
		provider(p.Name, p.Line)
		if p.Schedule != "" && !schedules[p.Schedule] {
			at(p.Line, "provider %s names schedule %q, which is not under \"schedules:\"%s", p.Name, p.Schedule, suggest(p.Schedule, schedules))
		}
	}
	for _, a := range m.Extensions.Actions {
		action(a.ID, a.Line)
		ruleSchema("action "+a.ID+" input", a.Input, a.Line, at)
		ruleSchema("action "+a.ID+" output", a.Output, a.Line, at)
	}
	ruleEvents(m, at)
	if len(m.Extensions.Schedules) > 0 {
		ruleNeeds(m, "schedule", "extensions.schedules", at)
	}
}

// topicPattern is a topic, or with /* at its end everything below a prefix.
var topicPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}(/[a-z0-9][a-zA-Z0-9._-]*)*(/[a-z0-9][a-zA-Z0-9._-]*|/\*)$`)

func ruleEvents(m *Manifest, at report) {
	events := m.Extensions.Events
	for _, topic := range events.Publish {
		if !strings.HasPrefix(topic, m.ID+"/") {
			at(0, "extensions.events.publish: topic %q must start with the plugin's id: %s/…", topic, m.ID)
		}
	}
	for _, topic := range slices.Concat(events.Publish, events.Subscribe) {
		if len(topic) > 200 || !topicPattern.MatchString(topic) {
			at(0, "extensions.events: %q is no topic; write plugin/name, or plugin/* for all below", topic)
		}
	}
	if len(events.Publish)+len(events.Subscribe) > 0 {
		ruleNeeds(m, "event", "extensions.events", at)
	}
}

// ruleNeeds holds an extension to the capability that it stands on, so that an
// operator finds it among what they grant.
func ruleNeeds(m *Manifest, capability, key string, at report) {
	if _, ok := m.Capabilities[capability]; !ok {
		at(0, "%s needs the capability %s; add under \"capabilities:\": %s: {reason: …}", key, capability, capability)
	}
}

// ruleSchema holds a schema to being an object; the host compiles it in full.
func ruleSchema(what string, schema json.RawMessage, line int, at report) {
	if len(schema) > 0 && schema[0] != '{' {
		at(line, "%s must be a JSON Schema, written as a mapping", what)
	}
}
