package wasm_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
)

// counting is a loader that knows what is open.
type counting struct {
	plugin.Loader
	modules, instances atomic.Int64
}

func (c *counting) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	m, err := c.Loader.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	c.modules.Add(1)
	return &countedModule{Module: m, all: c}, nil
}

type countedModule struct {
	plugin.Module
	all *counting
}

func (m *countedModule) New(ctx context.Context) (plugin.Instance, error) {
	i, err := m.Module.New(ctx)
	if err != nil {
		return nil, err
	}
	m.all.instances.Add(1)
	return &countedInstance{Instance: i, all: m.all}, nil
}

func (m *countedModule) Close(ctx context.Context) error {
	m.all.modules.Add(-1)
	return m.Module.Close(ctx)
}

type countedInstance struct {
	plugin.Instance
	all  *counting
	once sync.Once
}

func (i *countedInstance) Close(ctx context.Context) error {
	i.once.Do(func() { i.all.instances.Add(-1) })
	return i.Instance.Close(ctx)
}

// swapping is two versions of a plugin under one id.
func swapping(tb testing.TB) (loader *counting, releases [2]plugin.Package) {
	tb.Helper()
	for i, version := range []string{"1", "2"} {
		releases[i] = plugintest.Package("versioned", plugintest.Versioned(tb, version))
		releases[i].Version = version
		releases[i].Limits.Deadline = map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute, abi.OpHealth: time.Minute}
	}
	return &counting{Loader: newLoader(tb)}, releases
}

// Throughout a hundred swaps, up and down, with canaries that are promoted and
// withdrawn and limits that change, no call fails and nothing is left behind.
func TestHundredSwapsUnderLoad(t *testing.T) {
	loader, releases := swapping(t)
	ctx := context.Background()
	goroutines := runtime.NumGoroutine()
	st := plugintest.NewStage(t, loader)
	if err := st.Registry.Install(ctx, releases[0]); err != nil {
		t.Fatal(err)
	}
	st.Warm(t, "versioned", "")
	heap := heapInUse()

	var answers [3]atomic.Int64 // failed, by version 1, by version 2
	var stop atomic.Bool
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !stop.Load() {
				text, err := st.Send(ctx, "versioned", "work 2000")
				if n := slices.Index([]string{"", "1", "2"}, text); err == nil && n > 0 {
					answers[n].Add(1)
					continue
				}
				if answers[0].Add(1) <= 5 {
					t.Errorf("a call answered %q, %v", text, err)
				}
			}
		})
	}
	// answered waits until a version has answered some calls since.
	answered := func(version int) {
		for since := answers[version].Load(); answers[version].Load() < since+3 && answers[0].Load() == 0; {
			runtime.Gosched()
		}
	}
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := 1; n <= 100 && !t.Failed(); n++ {
		next := releases[n%2]
		switch {
		case n%10 == 5: // by way of a canary
			check("a canary", st.Canary(ctx, next, 30))
			answered(n%2 + 1)
			check("promoting", st.Promote(ctx, "versioned"))
		case n%10 == 0:
			check("a canary", st.Canary(ctx, next, 70))
			answered(n%2 + 1)
			check("withdrawing", st.Withdraw(ctx, "versioned"))
			check("changing limits", st.SetLimits(ctx, "versioned", releases[0].Limits))
			fallthrough
		default:
			check("a swap", st.Swap(ctx, next))
		}
		answered(n%2 + 1)
	}
	stop.Store(true)
	clients.Wait()
	if answers[0].Load() != 0 || answers[1].Load() < 150 || answers[2].Load() < 150 {
		t.Errorf("failed %d, answered by version 1 %d, by version 2 %d", answers[0].Load(), answers[1].Load(), answers[2].Load())
	}
	t.Logf("100 swaps: %d calls answered by version 1, %d by version 2, %d failed", answers[1].Load(), answers[2].Load(), answers[0].Load())

	st.Clock.Advance(5 * time.Minute) // the probation is over
	wait := func(what string, condition func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !condition(); runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("never: %s; %d modules and %d instances are open", what, loader.modules.Load(), loader.instances.Load())
			}
		}
	}
	wait("one version is left", func() bool {
		s, err := st.Get("versioned")
		return err == nil && len(s.Versions) == 1 && loader.modules.Load() == 1 && loader.instances.Load() == int64(s.Instances.Idle)
	})
	if grown := heapInUse() - heap; grown > 24<<20 {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
	if err := st.Close(ctx); err != nil {
		t.Error(err)
	}
	wait("nothing is left", func() bool {
		return loader.modules.Load() == 0 && loader.instances.Load() == 0 && runtime.NumGoroutine() <= goroutines
	})
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// BenchmarkSwapUnderLoad swaps while eight clients call. One iteration is one
// swap, from the call of Swap to its return: the new version answers then.
// Beside it, what the clients saw: their p50 and p99, and the slowest call.
func BenchmarkSwapUnderLoad(b *testing.B) {
	loader, releases := swapping(b)
	ctx := context.Background()
	st := plugintest.NewStage(b, loader)
	if err := st.Registry.Install(ctx, releases[0]); err != nil {
		b.Fatal(err)
	}
	if err := st.Swap(ctx, releases[1]); err != nil { // both are in the cache now
		b.Fatal(err)
	}
	for _, swaps := range []bool{false, true} {
		name := "without"
		if swaps {
			name = "swapping"
		}
		b.Run(name, func(b *testing.B) {
			load := startLoad(b, st.Registry, "versioned", "work 2000", 8)
			n := 0
			for b.Loop() {
				if !swaps {
					load.await(2000)
					continue
				}
				n++
				if err := st.Swap(ctx, releases[n%2]); err != nil {
					b.Fatal(err)
				}
			}
			load.stop().report(b, "")
		})
	}
}
