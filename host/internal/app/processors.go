package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

// defaultPriority is that of a processor about which nobody says anything, as
// in Backstage.
const defaultPriority = 20

// processors are the entity processors of all plugins, in the order in which
// they see an entity: by priority, then as the bundles and their manifests list
// them. What the operator disabled is left out.
func processors(bundles []*bundle, calls extension.Caller, options map[string]config.ProcessorOptions) []ingest.Processor {
	var all []*processor
	for _, b := range bundles {
		if b.Err != nil || b.Manifest == nil {
			continue
		}
		for _, declared := range b.Manifest.Extensions.Processors {
			p := &processor{plugin: plugin.ID(b.ID), digest: b.Digest, declared: declared, calls: calls}
			o := options[p.Name()]
			if p.priority = cmp.Or(o.Priority, declared.Priority, defaultPriority); !o.Disabled {
				all = append(all, p)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *processor) int { return cmp.Compare(a.priority, b.priority) })
	out := make([]ingest.Processor, len(all))
	for i, p := range all {
		out[i] = p
	}
	return out
}

// unknownProcessors returns the names in catalog.processorOptions that no
// plugin has, sorted.
func unknownProcessors(bundles []*bundle, options map[string]config.ProcessorOptions) []string {
	known := map[string]bool{}
	for _, b := range bundles {
		if b.Manifest == nil {
			continue
		}
		for _, p := range b.Manifest.Extensions.Processors {
			known[b.ID+"/"+p.Name] = true
		}
	}
	var out []string
	for name := range options {
		if !known[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// processor is a plugin's entity processor as the engine calls it.
type processor struct {
	plugin   plugin.ID
	digest   string
	declared manifest.Processor
	priority int
	calls    extension.Caller
}

// Name implements ingest.Processor.
func (p *processor) Name() string { return string(p.plugin) + "/" + p.declared.Name }

// Version implements ingest.Processor: other code may answer otherwise.
func (p *processor) Version() string { return p.digest }

// Batch implements ingest.Processor.
func (p *processor) Batch() int { return p.declared.Batch }

// Kinds implements ingest.Processor.
func (p *processor) Kinds() []string {
	var out []string
	for _, k := range p.declared.Kinds {
		if k == "*" {
			return nil
		}
		out = append(out, strings.ToLower(k))
	}
	return out
}

// FailOpen implements ingest.Processor.
func (p *processor) FailOpen() bool { return p.declared.OnFailure != "closed" }

// Process implements ingest.Processor.
func (p *processor) Process(ctx context.Context, q contract.ProcessRequest) (contract.ProcessReply, error) {
	q.Processor = p.declared.Name
	results, err := extension.Process(ctx, p.calls, p.plugin, &q)
	return contract.ProcessReply{Results: results}, err
}
