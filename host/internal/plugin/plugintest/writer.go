package plugintest

import (
	"encoding/binary"
	"slices"

	"github.com/callboard/callboard/sdk/abi"
)

// Small pieces of the binary format, to write modules that no compiler would.

func vec(items ...[]byte) []byte {
	return append(uleb(uint64(len(items))), slices.Concat(items...)...)
}

func uleb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func text(s string) []byte { return append(uleb(uint64(len(s))), s...) }

func section(id byte, content []byte) []byte {
	return slices.Concat([]byte{id}, uleb(uint64(len(content))), content)
}

func function(index uint64, name string) []byte {
	return slices.Concat(text(name), []byte{0}, uleb(index))
}

func importOf(module, name string, typ uint64) []byte {
	return slices.Concat(text(module), text(name), []byte{0}, uleb(typ))
}

// body is the code of a function without its end; locals are groups of
// (count, type).
func body(locals []byte, code ...byte) []byte {
	if locals == nil {
		locals = vec()
	}
	content := slices.Concat(locals, code, []byte{0x0b})
	return append(uleb(uint64(len(content))), content...)
}

// A few instructions.
const (
	opUnreachable = 0x00
	opLoop        = 0x03
	opEnd         = 0x0b
	opBr          = 0x0c
	opCall        = 0x10
	opDrop        = 0x1a
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opI32Const    = 0x41
	opI64Const    = 0x42
	blockVoid     = 0x40
)

// Indexes of the types that every module here has.
const (
	typeVoid   = iota // ()
	typeIn            // (i32) -> i32
	typeHandle        // (i32, i32) -> i64
	typeCall          // (i32 x 6) -> i64
	typeExit          // (i32)
	typeTwo           // (i32 x 2) -> i32
	typeThree         // (i32 x 3)
	typeFour          // (i32 x 4) -> i32
	typeResult        // () -> i32
)

// tiny is a plugin of a few bytes. Its reply is the header at address 0.
type tiny struct {
	imports  [][]byte
	tables   []byte // content of the section
	memory   []byte // limits; default one page
	globals  []byte // content of the section
	start    []byte // body of a start function
	init     []byte // body of _initialize, the last function
	exports  [][]byte
	elements []byte // content of the section
	data     [][]byte
	handle   []byte // body; default answers an empty reply
	extra    [][]byte
	marker   string
	noHandle bool
	custom   []byte // a whole section
}

func (t tiny) wasm() []byte {
	i32, i64 := byte(0x7f), byte(0x7e)
	types := vec(
		[]byte{0x60, 0, 0}, []byte{0x60, 1, i32, 1, i32}, []byte{0x60, 2, i32, i32, 1, i64},
		[]byte{0x60, 6, i32, i32, i32, i32, i32, i32, 1, i64}, []byte{0x60, 1, i32, 0},
		[]byte{0x60, 2, i32, i32, 1, i32}, []byte{0x60, 3, i32, i32, i32, 0}, []byte{0x60, 4, i32, i32, i32, i32, 1, i32}, []byte{0x60, 0, 1, i32})
	first := uint64(len(t.imports))
	if t.memory == nil {
		t.memory = []byte{0, 1}
	}
	if t.handle == nil {
		t.handle = body(nil, opI64Const, abi.ReplyHeaderSize)
	}
	if t.marker == "" {
		t.marker = abi.Marker
	}
	if t.start == nil {
		t.start = body(nil)
	}
	funcs := [][]byte{uleb(typeIn), uleb(typeHandle), uleb(typeVoid)}
	bodies := [][]byte{body(nil, opI32Const, 0x80, 0x08), t.handle, t.start} // callboard_in answers 1024
	initialize := first + 3 + uint64(len(t.extra))
	if t.init != nil {
		t.extra = slices.Concat(t.extra, [][]byte{t.init})
	}
	for _, b := range t.extra {
		funcs, bodies = append(funcs, uleb(typeVoid)), append(bodies, b)
	}
	exports := [][]byte{function(first, t.marker), function(first, abi.ExportIn)}
	if !t.noHandle {
		exports = append(exports, function(first+1, abi.ExportHandle))
	}
	if t.init != nil {
		exports = append(exports, function(initialize, "_initialize"))
	}
	exports = append(exports, t.exports...)
	header := (&abi.ReplyHeader{}).AppendTo(nil)
	out := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), t.custom, section(1, types))
	if len(t.imports) > 0 {
		out = append(out, section(2, vec(t.imports...))...)
	}
	out = append(out, section(3, vec(funcs...))...)
	if t.tables != nil {
		out = append(out, section(4, t.tables)...)
	}
	out = append(out, section(5, vec(t.memory))...)
	if t.globals != nil {
		out = append(out, section(6, t.globals)...)
	}
	out = slices.Concat(out, section(7, vec(exports...)), section(8, uleb(first+2)))
	if t.elements != nil {
		out = append(out, section(9, t.elements)...)
	}
	data := append([][]byte{slices.Concat([]byte{0, opI32Const, 0, opEnd}, text(string(header)))}, t.data...)
	return slices.Concat(out,
		section(12, uleb(uint64(len(data)))),
		section(10, vec(bodies...)),
		section(11, vec(data...)))
}
