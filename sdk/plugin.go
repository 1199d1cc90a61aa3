package sdk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk/contract"
)

// Version is what describe/1 answers about this SDK.
const Version = "go/1"

// Plugin is everything that a plugin's code offers. What is registered here
// must be declared in plugin.yaml; "callboard plugin validate" names what is not.
type Plugin struct {
	Routes     Routes
	Processors Processors
	Events     EventHandlers
	Schedules  ScheduleHandlers
	Tasks      TaskHandlers
	Providers  Providers
	// Health says whether the plugin can work; nil means that it can.
	Health func(ctx context.Context) error
	// Migrate brings the plugin's own data from one data.schemaVersion to a
	// newer one. It runs once, with the plugin's own rights, while no version of
	// the plugin serves. An error puts the data back as it was before.
	Migrate func(ctx context.Context, from, to int) error
}

// Handler answers one HTTP request. An error becomes problem+json with the
// status of its code; an error without a code is logged and shown as
// "internal error".
type Handler func(ctx context.Context, r *Request) (*Response, error)

// Routes maps "METHOD /path" to handlers. Paths are those of plugin.yaml:
// {name} is one segment, {name...} is the rest.
type Routes map[string]Handler

// Processor looks at one entity before it is stitched, and may change it.
// An error leaves the entity as it was and becomes an item of its status.
type Processor func(ctx context.Context, e *Entity) error

// Processors maps the names of plugin.yaml's processors to functions.
type Processors map[string]Processor

// route is a handler under one path.
type route struct {
	method string
	handle Handler
}

// compile checks the plugin and builds the table that requests are looked up in.
func (p *Plugin) compile() (map[string][]route, error) {
	table := make(map[string][]route, len(p.Routes))
	for _, pattern := range slices.Sorted(maps.Keys(p.Routes)) {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || method == "" || !strings.HasPrefix(path, "/") {
			return nil, fmt.Errorf("route %q must read like %q", pattern, "GET /path")
		}
		if p.Routes[pattern] == nil {
			return nil, fmt.Errorf("route %q has no handler", pattern)
		}
		table[path] = append(table[path], route{method: method, handle: p.Routes[pattern]})
	}
	for name, processor := range p.Processors {
		if name == "" || processor == nil {
			return nil, fmt.Errorf("processor %q has no name or no function", name)
		}
	}
	for topic, handler := range p.Events {
		if topic == "" || handler == nil {
			return nil, fmt.Errorf("the handler of topic %q has no topic or no function", topic)
		}
	}
	for id, handler := range p.Schedules {
		if id == "" || handler == nil {
			return nil, fmt.Errorf("schedule %q has no id or no function", id)
		}
	}
	for name, handler := range p.Tasks {
		if name == "" || handler == nil {
			return nil, fmt.Errorf("task %q has no name or no function", name)
		}
	}
	for name, provider := range p.Providers {
		if name == "" || provider == nil {
			return nil, fmt.Errorf("provider %q has no name or no function", name)
		}
	}
	return table, nil
}

// Describe lists what the plugin registers, for the check against its manifest.
func (p Plugin) Describe() contract.Description {
	d := contract.Description{
		SDK: Version, Processors: slices.Sorted(maps.Keys(p.Processors)), Providers: slices.Sorted(maps.Keys(p.Providers)), Migrates: p.Migrate != nil,
		Events: slices.Sorted(maps.Keys(p.Events)), Schedules: slices.Sorted(maps.Keys(p.Schedules)), Tasks: slices.Sorted(maps.Keys(p.Tasks)),
	}
	for _, pattern := range slices.Sorted(maps.Keys(p.Routes)) {
		method, path, _ := strings.Cut(pattern, " ")
		d.Routes = append(d.Routes, contract.Route{Method: method, Path: path})
	}
	return d
}
