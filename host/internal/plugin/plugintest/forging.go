package plugintest

import (
	"bytes"
	"maps"
	"slices"

	"github.com/callboard/callboard/sdk/abi"
)

// LogsEachStep logs a line in each turn of an endless loop.
func LogsEachStep() []byte {
	return tiny{
		imports: [][]byte{importOf(abi.Module, abi.ImportLog, typeThree)},
		handle:  body(nil, slices.Concat(forever(operands(1, 0, 1), []byte{opCall, 0}), []byte{opI64Const, abi.ReplyHeaderSize})...),
	}.wasm()
}

// Forgeries are modules that would reach what the metering pass adds, if they
// were not refused: most are invalid and would be valid after an unchecked
// pass, since they name something one past the last.
func Forgeries() map[string][]byte {
	const (
		funcs  = 3 // functions of a tiny module
		types  = typeResult + 1
		locals = 2 // of callboard_handle
	)
	handle := func(code ...[]byte) []byte {
		return body(nil, slices.Concat(append(code, []byte{opI64Const, abi.ReplyHeaderSize})...)...)
	}
	refill := operands(1 << 30)
	out := map[string][]byte{
		"sets the global past the last":      tiny{handle: handle(refill, []byte{0x24, 0})}.wasm(),
		"reads the global past the last":     tiny{handle: handle([]byte{0x23, 0, opDrop})}.wasm(),
		"exports the global past the last":   tiny{exports: [][]byte{slices.Concat(text("fuel"), []byte{3, 0})}}.wasm(),
		"initial value from the past last":   tiny{globals: vec([]byte{0x7f, 0, 0x23, 1, opEnd})}.wasm(),
		"data at the global past the last":   tiny{data: [][]byte{{0, 0x23, 0, opEnd, 0}}}.wasm(),
		"exports the host's name":            tiny{exports: [][]byte{function(0, "callboard_fuel")}}.wasm(),
		"imports tick":                       tiny{imports: [][]byte{importOf(abi.Module, "tick", typeIn)}}.wasm(),
		"imports tick as a global":           tiny{imports: [][]byte{slices.Concat(text(abi.Module), text("tick"), []byte{3, 0x7f, 1})}}.wasm(),
		"blocks of the type past the last":   tiny{handle: handle([]byte{0x02, types, opEnd})}.wasm(),
		"calls the type past the last":       tiny{tables: vec([]byte{0x70, 0, 1}), handle: handle(operands(0), []byte{0x11, types, 0})}.wasm(),
		"a function of the type past last":   tiny{imports: [][]byte{importOf(abi.Module, abi.ImportLog, types)}}.wasm(),
		"uses the local past the last":       tiny{handle: handle(operands(0, 0, 0), []byte{0xfc, 11, 0}, operands(1), []byte{opLocalSet, locals})}.wasm(),
		"branches out of its function":       tiny{handle: handle([]byte{opBr, 1})}.wasm(),
		"has code after its end":             tiny{handle: slices.Concat([]byte{7, 0, opI64Const, abi.ReplyHeaderSize, opEnd, opI32Const, 0, opEnd})}.wasm(),
		"leaves the wrong type on the stack": tiny{handle: body(nil, opI32Const, 0)}.wasm(),
	}
	for n, what := range []string{"tick", "refill", "charge", "fuel"} {
		past := uint64(funcs + n)
		maps.Copy(out, map[string][]byte{
			"calls " + what:            tiny{handle: handle([]byte{opCall}, uleb(past))}.wasm(),
			"refers to " + what:        tiny{handle: handle([]byte{0xd2}, uleb(past), []byte{opDrop})}.wasm(),
			"exports " + what:          tiny{exports: [][]byte{function(past, "x")}}.wasm(),
			"puts in a table " + what:  tiny{tables: vec([]byte{0x70, 0, 1}), elements: vec(slices.Concat([]byte{0, opI32Const, 0, opEnd, 1}, uleb(past)))}.wasm(),
			"initialises with " + what: tiny{globals: vec(slices.Concat([]byte{0x70, 0, 0xd2}, uleb(past), []byte{opEnd}))}.wasm(),
			"starts with " + what:      restarted(past),
		})
	}
	return out
}

// restarted is a minimal plugin with another start function.
func restarted(index uint64) []byte {
	return bytes.Replace(Minimal(), section(8, uleb(2)), section(8, uleb(index)), 1)
}
