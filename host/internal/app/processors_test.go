package app

import (
	"slices"
	"testing"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/sdk/manifest"
)

// Processors see an entity in the order of their priorities; what the operator
// says counts before what the plugin says.
func TestTheOrderOfProcessors(t *testing.T) {
	b := func(id string, declared ...manifest.Processor) *bundle {
		m := &manifest.Manifest{}
		m.Extensions.Processors = declared
		return &bundle{ID: id, Manifest: m}
	}
	bundles := []*bundle{
		b("a", manifest.Processor{Name: "first"}, manifest.Processor{Name: "late", Priority: 30}),
		b("b", manifest.Processor{Name: "early", Priority: 10}, manifest.Processor{Name: "second"}, manifest.Processor{Name: "off"}),
	}
	options := map[string]config.ProcessorOptions{"b/off": {Disabled: true}, "a/first": {Priority: 25}, "b/none": {Priority: 1}}
	names := func(options map[string]config.ProcessorOptions) (out []string) {
		for _, p := range processors(bundles, nil, options) {
			out = append(out, p.Name())
		}
		return out
	}
	if got, want := names(nil), []string{"b/early", "a/first", "b/second", "b/off", "a/late"}; !slices.Equal(got, want) {
		t.Errorf("without options: %v, want %v", got, want)
	}
	if got, want := names(options), []string{"b/early", "b/second", "a/first", "a/late"}; !slices.Equal(got, want) {
		t.Errorf("with options: %v, want %v", got, want)
	}
	if got := unknownProcessors(bundles, options); !slices.Equal(got, []string{"b/none"}) {
		t.Errorf("unknown: %v", got)
	}
}
