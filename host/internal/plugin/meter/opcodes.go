package meter

import (
	"github.com/callboard/callboard/host/internal/plugin/format"
)

// Opcodes that the pass has to tell from others, or writes.
const (
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opI32Load      = 0x28
	opI64Store32   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32LtS       = 0x48
	opI32LtU       = 0x49
	opI32GtU       = 0x4b
	opI64GtU       = 0x56
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32Or        = 0x72
	opI32Shl       = 0x74
	opI32ShrU      = 0x76
	opI64Add       = 0x7c
	opI64Shl       = 0x86
	opI64ExtendU   = 0xad
	opI64Extend32S = 0xc4
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opMisc         = 0xfc // a second number follows
	opVector       = 0xfd // likewise

	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17

	vectorConst = 12
	vectorMost  = 255

	typeI32   = 0x7f
	typeI64   = 0x7e
	typeF32   = 0x7d
	typeF64   = 0x7c
	blockVoid = 0x40
)

// valueType reads a value type of WebAssembly 2.0.
func valueType(r *format.Reader) {
	switch t := r.Byte(); t {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
	default:
		r.Fail(unsupported("value type %#x", t))
	}
}

// valueTypes reads a vector of them.
func valueTypes(r *format.Reader) []byte {
	n := r.Count()
	start := r.Offset()
	for range n {
		valueType(r)
	}
	return r.Since(start)
}

func limits(r *format.Reader) error {
	flag := r.Byte()
	r.U32()
	switch flag {
	case 0:
		return nil
	case 1:
		r.U32()
		return nil
	default:
		return unsupported("limits of kind %d", flag)
	}
}

// memarg reads alignment and offset of a memory instruction.
func memarg(r *format.Reader) {
	if align := r.U32(); align >= 64 {
		r.Fail(unsupported("a memory other than the first"))
	}
	r.U32()
}

func zero(r *format.Reader) {
	if r.Byte() != 0 {
		r.Fail(unsupported("a memory other than the first"))
	}
}

// vectorImmediates skips what follows a vector instruction's number.
func vectorImmediates(r *format.Reader, sub uint32) {
	switch {
	case sub <= 11, sub == 92, sub == 93: // loads and stores
		memarg(r)
	case sub == vectorConst, sub == 13: // and shuffle
		r.Bytes(16)
	case sub >= 21 && sub <= 34: // lanes
		r.Byte()
	case sub >= 84 && sub <= 91: // loads and stores of a lane
		memarg(r)
		r.Byte()
	case sub > vectorMost:
		r.Fail(unsupported("opcode 0xfd %d", sub))
	}
}
