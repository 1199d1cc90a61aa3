package plugintest

import (
	"slices"

	"github.com/callboard/callboard/sdk/abi"
)

// Types of functions of modules for Extism's kits, behind those that every
// module here has.
const (
	typeExtismAlloc  = typeExit + 1 + iota // (i64) -> i64
	typeExtismStore                        // (i64, i32)
	typeExtismOutput                       // (i64, i64)
	typeExtismHandle                       // () -> i32
)

// The functions that every such module imports, and its own first one.
const (
	extismAlloc = iota
	extismStore
	extismOutput
	extismImports
)

const i64Add = 0x7c

const extismEnv = "extism:host/env"

// extism writes the module for Extism's kits. The code of handle replaces the
// default, which answers {}; start functions stay what they are. Functions
// that the module imports besides come behind those of the kit.
func (t tiny) extism(handle ...byte) []byte {
	i32, i64 := byte(0x7f), byte(0x7e)
	types := vec(
		[]byte{0x60, 0, 0}, []byte{0x60, 1, i32, 1, i32}, []byte{0x60, 2, i32, i32, 1, i64},
		[]byte{0x60, 6, i32, i32, i32, i32, i32, i32, 1, i64}, []byte{0x60, 1, i32, 0},
		[]byte{0x60, 1, i64, 1, i64}, []byte{0x60, 2, i64, i32, 0}, []byte{0x60, 2, i64, i64, 0}, []byte{0x60, 0, 1, i32})
	imports := slices.Concat([][]byte{
		importOf(extismEnv, "alloc", typeExtismAlloc), importOf(extismEnv, "store_u8", typeExtismStore),
		importOf(extismEnv, "output_set", typeExtismOutput),
	}, t.imports)
	if handle == nil {
		handle = extismReply()
	}
	if t.memory == nil {
		t.memory = []byte{0, 1}
	}
	if t.start == nil {
		t.start = body(nil)
	}
	first := uint64(len(imports))
	funcs := [][]byte{uleb(typeExtismHandle), uleb(typeVoid)}
	bodies := [][]byte{body(vec([]byte{1, i64}), handle...), t.start}
	for _, b := range t.extra {
		funcs, bodies = append(funcs, uleb(typeVoid)), append(bodies, b)
	}
	exports := [][]byte{slices.Concat(text("memory"), []byte{2, 0})}
	if !t.noHandle {
		exports = append(exports, function(first, abi.ExportHandle))
	}
	out := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), t.custom, section(1, types), section(2, vec(imports...)), section(3, vec(funcs...)))
	if t.tables != nil {
		out = append(out, section(4, t.tables)...)
	}
	return slices.Concat(out, section(5, vec(t.memory)), section(7, vec(exports...)), section(8, uleb(first+1)), section(10, vec(bodies...)))
}

// extismReply answers {}, byte by byte.
func extismReply() []byte {
	store := func(add, c byte) []byte {
		return slices.Concat([]byte{opLocalGet, 0, opI64Const, add, i64Add, opI32Const}, sleb(int64(c)), []byte{opCall, extismStore})
	}
	return slices.Concat(
		[]byte{opI64Const, 2, opCall, extismAlloc, opLocalSet, 0}, store(0, '{'), store(1, '}'),
		[]byte{opLocalGet, 0, opI64Const, 2, opCall, extismOutput, opI32Const, 0})
}
