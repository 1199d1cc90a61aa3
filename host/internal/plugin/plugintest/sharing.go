package plugintest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
)

// sharing is a loader that loads the same code under the same limits once for
// the whole suite: most cases are about instances, not about loading.
type sharing struct {
	loader plugin.Loader

	mu      sync.Mutex
	modules map[string]plugin.Module
}

func share(t *testing.T, loader plugin.Loader) *sharing {
	t.Helper()
	s := &sharing{loader: loader, modules: map[string]plugin.Module{}}
	t.Cleanup(func() {
		for _, m := range s.modules {
			if err := m.Close(context.Background()); err != nil {
				t.Errorf("closing a module: %v", err)
			}
		}
	})
	return s
}

// Load implements plugin.Loader.
func (s *sharing) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := fmt.Sprint(spec.Digest, spec.Limits)
	if m, ok := s.modules[key]; ok {
		return borrowed{m}, nil
	}
	m, err := s.loader.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	s.modules[key] = m
	return borrowed{m}, nil
}

// borrowed is a module that stays open.
type borrowed struct{ plugin.Module }

// Close implements plugin.Module.
func (borrowed) Close(context.Context) error { return nil }
