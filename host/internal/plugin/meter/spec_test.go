package meter_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/plugin/meter"
)

// script is a test of the WebAssembly specification, as wast2json writes it.
type script struct {
	Commands []command `json:"commands"`
}

type command struct {
	Type       string `json:"type"`
	Line       int    `json:"line"`
	Name       string `json:"name"`
	Filename   string `json:"filename"`
	As         string `json:"as"`
	ModuleType string `json:"module_type"`
	Action     struct {
		Type   string  `json:"type"`
		Field  string  `json:"field"`
		Module string  `json:"module"`
		Args   []value `json:"args"`
	} `json:"action"`
}

type value struct {
	Type     string          `json:"type"`
	LaneType string          `json:"lane_type"`
	Value    json.RawMessage `json:"value"`
}

// TestSpecification runs every module of the specification's tests bare and
// metered: what it returns, where it traps and what is left in its memory is
// the same. What is invalid is refused before the pass.
func TestSpecification(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	root := filepath.Join(wazeroDir(t), "internal", "integration_test", "spectest")
	spectest, err := os.ReadFile(filepath.Join(root, "testdata", "spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	var total counts
	t.Run("scripts", func(t *testing.T) {
		for _, version := range []string{"v1", "v2"} {
			dir := filepath.Join(root, version, "testdata")
			files, err := filepath.Glob(filepath.Join(dir, "*.json"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no scripts in %s: %v", dir, err)
			}
			for _, file := range files {
				t.Run(version+"/"+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
					t.Parallel()
					runScript(t, file, spectest, &total)
				})
			}
		}
	})
	t.Logf("%d modules, %d calls, %d traps, %d invalid modules, %d ticks",
		total.modules.Load(), total.calls.Load(), total.traps.Load(), total.invalid.Load(), total.ticks.Load())
	if total.modules.Load() < 2000 || total.calls.Load() < 50_000 || total.traps.Load() < 2500 || total.ticks.Load() == 0 {
		t.Error("the tests of the specification are not all there")
	}
}

type counts struct{ modules, calls, traps, invalid, ticks atomic.Int64 }

// wazeroDir is where the runtime's source is, which carries the tests.
func wazeroDir(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatalf("finding the source of wazero: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// side is one of the two runtimes that do the same.
type side struct {
	runtime wazero.Runtime
	metered bool
	last    api.Module
	named   map[string]api.Module
}

func newSide(t *testing.T, metered bool, spectest []byte, total *counts) *side {
	t.Helper()
	ctx := t.Context()
	s := &side{runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2)), metered: metered, named: map[string]api.Module{}}
	t.Cleanup(func() { _ = s.runtime.Close(context.Background()) })
	if metered {
		host(t, s.runtime, func(int32) int32 {
			// Every few steps, at changing ones.
			return int32(total.ticks.Add(1) % 7)
		})
	}
	if _, err := s.add(ctx, spectest, "spectest"); err != nil {
		t.Fatalf("the module spectest: %v", err)
	}
	return s
}

// host offers callboard.tick.
func host(tb testing.TB, r wazero.Runtime, tick func(left int32) int32) {
	tb.Helper()
	_, err := r.NewHostModuleBuilder("callboard").NewFunctionBuilder().
		WithFunc(tick).Export(meter.ImportTick).Instantiate(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
}

func (s *side) add(ctx context.Context, module []byte, name string) (api.Module, error) {
	if s.metered {
		m, err := meter.Rewrite(module)
		if err != nil {
			return nil, err
		}
		module = m.Wasm
	}
	mod, err := s.runtime.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithName(name))
	if err == nil && s.metered { // the first tick is near too
		_, err = mod.ExportedFunction(meter.ExportFuel).Call(ctx, 0)
	}
	return mod, err
}

func (s *side) module(name string) api.Module {
	if name != "" {
		return s.named[name]
	}
	return s.last
}

func runScript(t *testing.T, file string, spectest []byte, total *counts) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s script
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	bare, metered := newSide(t, false, spectest, total), newSide(t, true, spectest, total)
	for n, c := range s.Commands {
		as := ""
		if n+1 < len(s.Commands) && s.Commands[n+1].Type == "register" {
			as = s.Commands[n+1].As
		}
		runCommand(t, bare, metered, c, as, filepath.Dir(file), total)
		if t.Failed() {
			t.FailNow() // what follows depends on it
		}
	}
}

func runCommand(t *testing.T, bare, metered *side, c command, as, dir string, total *counts) {
	t.Helper()
	switch c.Type {
	case "register":
	case "module", "assert_unlinkable", "assert_uninstantiable", "assert_invalid", "assert_malformed":
		if c.ModuleType == "text" {
			return
		}
		module, err := os.ReadFile(filepath.Join(dir, c.Filename))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, bare, metered, c, module, as, total)
	case "action", "assert_return", "assert_trap", "assert_exhaustion":
		b, m := bare.module(c.Action.Module), metered.module(c.Action.Module)
		if c.Action.Type == "get" {
			if want, got := b.ExportedGlobal(c.Action.Field).Get(), m.ExportedGlobal(c.Action.Field).Get(); want != got {
				t.Errorf("line %d: global %s is %d, want %d", c.Line, c.Action.Field, got, want)
			}
			return
		}
		invoke(t, b, m, c, total)
	default:
		t.Fatalf("line %d: what is %s?", c.Line, c.Type)
	}
}

// compare instantiates a module on both sides.
func compare(t *testing.T, bare, metered *side, c command, module []byte, as string, total *counts) {
	t.Helper()
	code, invalid := bare.runtime.CompileModule(t.Context(), module)
	if err := meter.Validate(module); (err == nil) != (invalid == nil) {
		t.Errorf("line %d: %s: validating says %v, compiling %v", c.Line, c.Filename, err, invalid)
	}
	if invalid != nil {
		total.invalid.Add(1)
		_, _ = meter.Rewrite(module) // must not panic
		return
	}
	_ = code.Close(t.Context())
	total.modules.Add(1)
	b, bareErr := bare.add(t.Context(), module, as)
	m, meteredErr := metered.add(t.Context(), module, as)
	if firstLine(bareErr) != firstLine(meteredErr) {
		t.Errorf("line %d: %s: metered: %v; bare: %v", c.Line, c.Filename, meteredErr, bareErr)
	}
	if c.Type == "module" && bareErr == nil {
		bare.last, metered.last = b, m
		if c.Name != "" {
			bare.named[c.Name], metered.named[c.Name] = b, m
		}
	}
}

func invoke(t *testing.T, bare, metered api.Module, c command, total *counts) {
	t.Helper()
	var args []uint64
	for _, a := range c.Action.Args {
		args = append(args, a.bits(t)...)
	}
	fn := bare.ExportedFunction(c.Action.Field)
	want, bareErr := fn.Call(t.Context(), args...)
	got, meteredErr := metered.ExportedFunction(c.Action.Field).Call(t.Context(), args...)
	total.calls.Add(1)
	if bareErr != nil {
		total.traps.Add(1)
	}
	if firstLine(bareErr) != firstLine(meteredErr) {
		t.Errorf("line %d: %s: metered: %v; bare: %v", c.Line, c.Action.Field, meteredErr, bareErr)
	}
	if slices.Contains(fn.Definition().ResultTypes(), 0x70) { // a funcref is an address of its runtime
		want, got = nonzero(want), nonzero(got)
	}
	if !slices.Equal(want, got) {
		t.Errorf("line %d: %s(%v) = %x, want %x", c.Line, c.Action.Field, args, got, want)
	}
	if b, m := bare.Memory(), metered.Memory(); !reflect.ValueOf(b).IsNil() && c.Type != "assert_exhaustion" {
		content, _ := b.Read(0, min(b.Size(), 1<<20))
		after, _ := m.Read(0, min(m.Size(), 1<<20))
		if b.Size() != m.Size() || !slices.Equal(content, after) {
			t.Errorf("line %d: %s leaves another memory", c.Line, c.Action.Field)
		}
	}
}

func nonzero(values []uint64) []uint64 {
	out := slices.Clone(values)
	for i, v := range out {
		out[i] = min(v, 1)
	}
	return out
}

// indexes of functions in errors, which have moved.
var indexes = regexp.MustCompile(`function\[\d+\]`)

// firstLine is an error without the stack trace and without indexes.
func firstLine(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return indexes.ReplaceAllString(line, "function")
}

// bits are the arguments of a call as the runtime takes them.
func (v value) bits(t *testing.T) []uint64 {
	t.Helper()
	if v.Type == "v128" {
		var lanes []string
		if err := json.Unmarshal(v.Value, &lanes); err != nil {
			t.Fatal(err)
		}
		width, _ := strconv.Atoi(v.LaneType[1:])
		out := make([]uint64, 2)
		for i, lane := range lanes {
			out[i*width/64] |= number(t, lane, width) << (i * width % 64)
		}
		return out
	}
	var text string
	if err := json.Unmarshal(v.Value, &text); err != nil || text == "null" {
		return []uint64{0}
	}
	if v.Type == "externref" {
		return []uint64{number(t, text, 64) + 1} // 0 is null
	}
	width, _ := strconv.Atoi(v.Type[1:])
	return []uint64{number(t, text, width)}
}

func number(t *testing.T, text string, width int) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		signed, signedErr := strconv.ParseInt(text, 10, 64)
		if signedErr != nil {
			t.Fatal(errors.Join(err, signedErr))
		}
		n = uint64(signed)
	}
	if width < 64 {
		n &= 1<<width - 1
	}
	return n
}
