package plugintest

import (
	"bytes"
	"slices"

	"github.com/callboard/callboard/sdk/abi"
)

// Where a burner burns.
const (
	BurnsInCall       = "in a call"
	BurnsInStart      = "in the start function"
	BurnsInInitialize = "in _initialize"
)

// Burner is a guest that never ends by itself.
type Burner struct {
	Name string

	code    []byte // stack neutral
	imports [][]byte
	memory  []byte
	tables  []byte
	extra   [][]byte
	data    [][]byte
}

// Wasm returns the burner with its code in a place.
func (b Burner) Wasm(place string) []byte {
	t := tiny{imports: b.imports, memory: b.memory, tables: b.tables, extra: b.extra, data: b.data}
	switch place {
	case BurnsInStart:
		t.start = body(nil, b.code...)
	case BurnsInInitialize:
		t.init = body(nil, b.code...)
	default:
		t.handle = body(nil, append(bytes.Clone(b.code), opI64Const, abi.ReplyHeaderSize)...)
	}
	return t.wasm()
}

// Sizes of the memory and the table of burners that move a lot.
const (
	burntPages   = 960 // 60 MiB
	burntBytes   = burntPages << 16
	burntEntries = 1 << 20
)

// Burners never end, each in another way; without metering some cannot be
// stopped at all.
func Burners() []Burner {
	big := slices.Concat([]byte{0}, uleb(burntPages))
	table := vec(slices.Concat([]byte{0x70, 0}, uleb(burntEntries)))
	return slices.Concat([]Burner{
		{Name: "endless loop", code: forever(nil)},
		{Name: "exponential recursion without a loop", code: []byte{opCall, 3}, extra: doubling(3, 60)},
		{Name: "a long loop", code: forever(bytes.Repeat(divide(), 3000))},
		{Name: "huge memory.fill", memory: big, code: forever(operands(0, 1, burntBytes), []byte{0xfc, 11, 0})},
		{Name: "huge memory.copy up", memory: big, code: forever(operands(1, 0, burntBytes-1), []byte{0xfc, 10, 0, 0})},
		{Name: "huge memory.copy down", memory: big, code: forever(operands(0, 1, burntBytes-1), []byte{0xfc, 10, 0, 0})},
		{Name: "many small memory.copy", memory: big, code: forever(bytes.Repeat(slices.Concat(operands(0, 1<<20, 1000), []byte{0xfc, 10, 0, 0}), 2000))},
		{
			Name: "memory.init", data: [][]byte{append([]byte{1}, text(string(make([]byte, 32<<10)))...)},
			code: forever(bytes.Repeat(slices.Concat(operands(0, 0, 32<<10), []byte{0xfc, 8, 1, 0}), 100)),
		},
		{Name: "memory.grow", code: forever(bytes.Repeat([]byte{opI32Const, 0, 0x40, 0, opDrop}, 2000))},
		{Name: "huge table.fill", tables: table, code: forever(operands(0), []byte{0xd0, 0x70}, operands(burntEntries), []byte{0xfc, 17, 0})},
		{Name: "huge table.copy", tables: table, code: forever(operands(0, 1, burntEntries-1), []byte{0xfc, 14, 0, 0})},
	}, importingBurners())
}

// importingBurners spend their time in functions of the host.
func importingBurners() []Burner {
	const wasi = "wasi_snapshot_preview1"
	big := slices.Concat([]byte{0}, uleb(burntPages))
	return []Burner{
		{
			Name: "log", imports: [][]byte{importOf(abi.Module, abi.ImportLog, typeThree)},
			code: forever(bytes.Repeat(slices.Concat(operands(3, 0, 16<<10), []byte{opCall, 0}), 1000)),
		},
		{
			// The vectors are at 4096: sixty-four kilobytes at 0, a thousand times.
			Name: "fd_write", memory: big, imports: [][]byte{importOf(wasi, "fd_write", typeFour)},
			code: slices.Concat(
				operands(4100, 64<<10), []byte{0x36, 2, 0},
				forever(bytes.Repeat(slices.Concat(operands(1, 4096, 1000, 8), []byte{opCall, 0, opDrop}), 1000))),
		},
		{
			Name: "random_get", memory: big, imports: [][]byte{importOf(wasi, "random_get", typeTwo)},
			code: forever(operands(0, burntBytes), []byte{opCall, 0, opDrop}),
		},
		{
			Name: "sched_yield", imports: [][]byte{importOf(wasi, "sched_yield", typeResult)},
			code: forever(bytes.Repeat([]byte{opCall, 0, opDrop}, 10_000)),
		},
		{
			// The subscription at 4096 is to clock 0, for two minutes.
			Name: "poll_oneoff", imports: [][]byte{importOf(wasi, "poll_oneoff", typeFour)},
			code: slices.Concat(
				operands(4096+24), []byte{opI64Const}, sleb(120_000_000_000), []byte{0x37, 3, 0},
				operands(4096, 8192, 1, 12288), []byte{opCall, 0, opDrop}),
		},
	}
}

// forever is the code in an endless loop.
func forever(code ...[]byte) []byte {
	return slices.Concat([]byte{opLoop, blockVoid}, slices.Concat(code...), []byte{opBr, 0, opEnd})
}

// operands pushes i32 constants.
func operands(values ...int64) []byte {
	var out []byte
	for _, v := range values {
		out = slices.Concat(out, []byte{opI32Const}, sleb(v))
	}
	return out
}

// divide divides one i64 by another that the compiler does not know.
func divide() []byte {
	return []byte{opI64Const, 0x7b, opI32Const, 0, 0x29, 3, 0, opI64Const, 1, 0x84, 0x7f, opDrop}
}

// doubling are functions of which each calls the next one twice, from index
// first on: 2^n calls, n deep.
func doubling(first uint64, n int) [][]byte {
	var out [][]byte
	for i := range n {
		next := uleb(first + uint64(i) + 1)
		out = append(out, body(nil, slices.Concat([]byte{opCall}, next, []byte{opCall}, next)...))
	}
	return append(out, body(nil))
}
