package plugintest

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/callboard/callboard/sdk/abi"
)

// Modules that no compiler would emit, by what is wrong with them.

// Minimal is the smallest plugin: it answers every call with an empty reply.
func Minimal() []byte { return tiny{}.wasm() }

// Trapping executes unreachable in every call.
func Trapping() []byte { return tiny{handle: body(nil, opUnreachable, opI64Const, 0)}.wasm() }

// Recursing calls itself for ever on the native stack.
func Recursing() []byte {
	return tiny{handle: body(nil, opLocalGet, 0, opLocalGet, 1, opCall, 1)}.wasm()
}

// EndlessStart never finishes its start function.
func EndlessStart() []byte { return endlessStart().wasm() }

func endlessStart() tiny {
	return tiny{start: body(nil, opLoop, blockVoid, opBr, 0, opEnd)}
}

// ExitingStart exits with code 0 while it starts.
func ExitingStart() []byte { return exitingStart(0).wasm() }

// exitingStart imports proc_exit behind the functions that its kit has.
func exitingStart(before byte) tiny {
	return tiny{
		imports: [][]byte{importOf("wasi_snapshot_preview1", "proc_exit", typeExit)},
		start:   body(nil, opI32Const, 0, opCall, before),
	}
}

func noMarker() []byte { return tiny{marker: "something_else"}.wasm() }

func futureABI() []byte { return tiny{marker: "callboard_abi_v2"}.wasm() }

func noHandle() tiny { return tiny{noHandle: true} }

// unknownImports imports two functions that no host has, and one that is there.
func unknownImports() []byte {
	return tiny{imports: [][]byte{
		importOf("env", "launch_missiles", typeVoid),
		importOf(abi.Module, abi.ImportCall, typeCall),
		importOf(abi.Module, "tick", typeVoid),
	}}.wasm()
}

// wrongSignature imports call with no arguments.
func wrongSignature() []byte {
	return tiny{imports: [][]byte{importOf(abi.Module, abi.ImportCall, typeVoid)}}.wasm()
}

// greedyMemory asks for 1 GiB at start.
func greedyMemory() tiny { return tiny{memory: slices.Concat([]byte{0}, uleb(16384))} }

// greedyTable asks for a table of 800 MB at start.
func greedyTable() tiny {
	return tiny{tables: vec(slices.Concat([]byte{0x70, 0}, uleb(100_000_000)))}
}

// GrowingTable grows a table without maximum by 100 million entries, and
// answers with a reply only if the host did not let it.
func GrowingTable() []byte {
	return tiny{
		tables: vec([]byte{0x70, 0, 1}),
		handle: body(nil, append(growTable(), opI64Const, abi.ReplyHeaderSize)...),
	}.wasm()
}

// growTable is: ref.null func; i32.const 100,000,000; table.grow 0; i32.const -1; i32.ne; if unreachable
func growTable() []byte {
	return slices.Concat(
		[]byte{0xd0, 0x70, opI32Const}, sleb(100_000_000), []byte{0xfc, 0x0f, 0},
		[]byte{opI32Const, 0x7f, 0x47, 0x04, blockVoid, opUnreachable, opEnd})
}

func sleb(n int64) []byte {
	var out []byte
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if (n == 0 && b&0x40 == 0) || (n == -1 && b&0x40 != 0) {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

// manyLocals asks in a dozen bytes for four billion locals.
func manyLocals() tiny {
	return tiny{extra: [][]byte{body(vec([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f}))}}
}

// hugeFunction is one function of 2 MB.
func hugeFunction() tiny {
	return tiny{extra: [][]byte{body(nil, bytes.Repeat([]byte{opI32Const, 0, opDrop}, 700_000)...)}}
}

// wideFunction has few bytes of code and thousands of locals to track.
func wideFunction() tiny { return tiny{extra: [][]byte{branches(1000, 5000)}} }

// SlowCompile stays within every limit and still keeps the compiler busy for a
// good part of a second. It is different each time, so that no cache has it.
func SlowCompile() []byte { return slowCompile().wasm() }

func slowCompile() tiny {
	salt := sleb(rand.Int64())
	return tiny{extra: [][]byte{branches(4000, 80), body(nil, slices.Concat([]byte{opI64Const}, salt, []byte{opDrop})...)}}
}

// branches is a function of n conditional assignments to its locals, which
// makes the compiler merge every local at every branch.
func branches(n, locals int) []byte {
	load := []byte{opI32Const, 0, 0x28, 2, 0}
	var code []byte
	for l := range locals {
		code = append(append(append(code, load...), opLocalSet), uleb(uint64(l))...)
	}
	for i := range n {
		code = append(code, load...)
		code = append(code, 0x04, blockVoid, opLocalGet)
		code = append(code, uleb(uint64(i%locals))...)
		code = append(code, opI32Const, 1, 0x6a, opLocalSet)
		code = append(code, uleb(uint64((i+1)%locals))...)
		code = append(code, opEnd)
	}
	for l := range locals {
		code = append(append(append(code, opI32Const, 0, opLocalGet), uleb(uint64(l))...), 0x36, 2, 0)
	}
	return body(vec(append(uleb(uint64(locals)), 0x7f)), code...)
}

// BrokenNames has a name section that announces four billion names.
func BrokenNames() []byte { return brokenNames().wasm() }

func brokenNames() tiny {
	names := slices.Concat(text("name"), []byte{1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f})
	return tiny{custom: section(0, names)}
}
