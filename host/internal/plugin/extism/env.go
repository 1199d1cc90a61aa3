package extism

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	sdk "github.com/extism/go-sdk"

	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// trap unwinds the guest for a mistake of its own, with a cause for its crash report.
func trap(format string, args ...any) {
	panic(sandbox.Stop{Cause: fmt.Errorf(format, args...)})
}

// errMemory is the cause of a stop when the kernel cannot grow.
var errMemory = errors.New("out of memory in the Extism kernel")

// envTable is what the kits know as extism:host/env, as far as it is for
// guests. What a function means is Extism's; what it may touch is ours.
func envTable() map[string]hostFunc {
	table := map[string]hostFunc{
		"input_length":   {sandbox.NewSignature("", "I"), inputLength},
		"input_offset":   {sandbox.NewSignature("", "I"), inputOffset},
		"input_load_u8":  {sandbox.NewSignature("I", "i"), inputLoad8},
		"input_load_u64": {sandbox.NewSignature("I", "I"), inputLoad64},
		"output_set":     {sandbox.NewSignature("II", ""), outputSet},
		"error_set":      {sandbox.NewSignature("I", ""), errorSet},
		"alloc":          {sandbox.NewSignature("I", "I"), alloc},
		"free":           {sandbox.NewSignature("I", ""), free},
		"length":         {sandbox.NewSignature("I", "I"), length},
		"length_unsafe":  {sandbox.NewSignature("I", "I"), length},
		"load_u8":        {sandbox.NewSignature("I", "i"), load8},
		"load_u64":       {sandbox.NewSignature("I", "I"), load64},
		"store_u8":       {sandbox.NewSignature("Ii", ""), store8},
		"store_u64":      {sandbox.NewSignature("II", ""), store64},
		"config_get":     {sandbox.NewSignature("I", "I"), configGet},

		// Off: kv is the store of plugins, http their client.
		"var_get":          {sandbox.NewSignature("I", "I"), zero},
		"var_set":          {sandbox.NewSignature("II", ""), off("var_set", "keep state with kv.set/1")},
		"http_request":     {sandbox.NewSignature("II", "I"), off("http_request", "send requests with http.fetch/1")},
		"http_status_code": {sandbox.NewSignature("", "i"), zero},
		"http_headers":     {sandbox.NewSignature("", "I"), zero},

		"get_log_level": {sandbox.NewSignature("", "i"), zero}, // trace: the budget decides
	}
	for name, level := range map[string]abi.Level{
		"log_trace": abi.LevelDebug, "log_debug": abi.LevelDebug, "log_info": abi.LevelInfo, "log_warn": abi.LevelWarn, "log_error": abi.LevelError,
	} {
		table[name] = hostFunc{sandbox.NewSignature("I", ""), func(_ context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64) {
			line := i.block(stack[0])
			i.guest.Output.Log(level, line[:min(len(line), sandbox.MaxLine)])
			i.release(p, stack[0]) // as in every host of Extism's
		}}
	}
	return table
}

func zero(_ context.Context, _ *instance, _ *sdk.CurrentPlugin, stack []uint64) { stack[0] = 0 }

func off(name, instead string) func(context.Context, *instance, *sdk.CurrentPlugin, []uint64) {
	return func(context.Context, *instance, *sdk.CurrentPlugin, []uint64) {
		trap("extism's %s is switched off in this host: %s through callboard_call", name, instead)
	}
}

func inputLength(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	stack[0] = uint64(len(i.input))
}

// inputOffset puts the input into a block, for the kits that load it from
// there; the others never pay for the copy.
func inputOffset(_ context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64) {
	if i.inputAt == 0 && len(i.input) > 0 {
		i.inputAt = i.give(p, i.input)
	}
	stack[0] = i.inputAt
}

// inputLoad8 and inputLoad64 answer 0 beyond the end, as the kernel does.
func inputLoad8(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	at := stack[0]
	stack[0] = 0
	if at < uint64(len(i.input)) {
		stack[0] = uint64(i.input[at])
	}
}

func inputLoad64(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	at := stack[0]
	stack[0] = 0
	if n := uint64(len(i.input)); n >= 8 && at <= n-8 {
		stack[0] = binary.LittleEndian.Uint64(i.input[at:])
	}
}

func outputSet(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	at, n := stack[0], stack[1]
	if n == 0 {
		i.outputAt, i.outputSize = 0, 0
		return
	}
	if !i.blocks.holds(at, n) {
		trap("its output is outside of memory: no block holds %d bytes at %d", n, at)
	}
	i.outputAt, i.outputSize = at, n
}

// maxError bounds the text of an error that a guest sets.
const maxError = 16 << 10

func errorSet(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	i.problem = ""
	if stack[0] != 0 {
		text := i.block(stack[0])
		i.problem = string(text[:min(len(text), maxError)])
	}
}

func alloc(_ context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64) {
	stack[0] = i.alloc(p, stack[0])
}

func free(_ context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64) {
	i.release(p, stack[0])
}

func length(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	stack[0] = i.blocks.size(stack[0])
}

// touch returns n bytes of a block of the guest.
func (i *instance) touch(at, n uint64, doing string) []byte {
	if !i.blocks.holds(at, n) {
		trap("it %s %d bytes at %d of the Extism kernel's memory, where it has no block", doing, n, at)
	}
	return i.walls.kernel().view[at : at+n]
}

func load8(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	stack[0] = uint64(i.touch(stack[0], 1, "reads")[0])
}

func load64(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	stack[0] = binary.LittleEndian.Uint64(i.touch(stack[0], 8, "reads"))
}

func store8(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	i.touch(stack[0], 1, "writes")[0] = byte(stack[1])
}

func store64(_ context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
	binary.LittleEndian.PutUint64(i.touch(stack[0], 8, "writes"), stack[1])
}

// alloc takes a block from the kernel; 0 when there is no room, which is what
// the kits expect. The kernel adds lengths without looking, so that a length
// beyond its memory must not reach it.
func (i *instance) alloc(p *sdk.CurrentPlugin, n uint64) uint64 {
	if i.plugin == nil {
		trap("its start section uses Extism's memory, which is there from _initialize on")
	}
	if n == 0 || n > i.walls.room || len(i.blocks.list) >= maxBlocks {
		return 0
	}
	at, err := p.AllocWithContext(i.module.forever, n)
	if err != nil {
		panic(fmt.Errorf("the kernel cannot allocate: %w", err))
	}
	if at == 0 || at+n > uint64(len(i.walls.kernel().view)) {
		return 0
	}
	i.blocks.add(block{at, n})
	return at
}

// release gives a block back to the kernel; what is none is ignored.
func (i *instance) release(p *sdk.CurrentPlugin, at uint64) {
	if i.blocks.remove(at) {
		if err := p.FreeWithContext(i.module.forever, at); err != nil {
			panic(fmt.Errorf("the kernel cannot free: %w", err))
		}
	}
}

// block returns the content of the block that starts at an address; offset 0
// stands for no bytes in all kits.
func (i *instance) block(at uint64) []byte {
	if at == 0 {
		return nil
	}
	n := i.blocks.size(at)
	if n == 0 {
		trap("it names the Extism memory %d, where it has no block", at)
	}
	return i.walls.kernel().view[at : at+n]
}

// give puts bytes of the host into a new block of the guest.
func (i *instance) give(p *sdk.CurrentPlugin, content []byte) uint64 {
	if len(content) == 0 {
		return 0
	}
	at := i.alloc(p, uint64(len(content)))
	if at == 0 {
		panic(sandbox.Stop{Cause: errMemory})
	}
	copy(i.walls.kernel().view[at:], content)
	return at
}
