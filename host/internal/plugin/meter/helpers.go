package meter

import "slices"

// helper is a function that the pass adds to every module.
type helper struct {
	name string // in stack traces
	typ  int
	code []byte // with locals and end
}

// helpers returns the functions in the order of their indexes. Their code is
// right once the module's functions have been counted.
func (p *pass) helpers() []helper {
	all := []helper{
		addedRefill: {"callboard.refill", typeAmount, p.refill()},
		addedCharge: {"callboard.charge", typeAmount, p.chargeCode()},
		addedFuel:   {"callboard.fuel", typeExchange, p.exchange()},
	}
	if p.hasMemory() {
		all = append(all,
			helper{"callboard.fill", typeRange, p.fill()},
			helper{"callboard.copy", typeRange, p.copy()})
	}
	return all
}

// refill is refill(steps): counter = tick(counter) + steps.
func (p *pass) refill() []byte {
	out := uleb([]byte{0, opGlobalGet}, p.counter())
	out = uleb(append(out, opCall), p.imports)
	out = append(out, opLocalGet, 0, opI32Add, opGlobalSet)
	return append(uleb(out, p.counter()), opEnd)
}

// chargeCode is charge(steps): it takes any amount off the counter, without
// an overflow.
func (p *pass) chargeCode() []byte {
	out := uleb([]byte{0, opGlobalGet}, p.counter())
	out = append(least(out, 0, mostSteps), opI32Sub, opGlobalSet)
	out = append(p.belowZero(uleb(out, p.counter())), opIf, blockVoid)
	return append(p.refillWith(out, 0), opEnd, opEnd)
}

// exchange is callboard_fuel(steps): set the counter, return what it was.
func (p *pass) exchange() []byte {
	out := uleb([]byte{0, opGlobalGet}, p.counter())
	out = append(out, opLocalGet, 0, opGlobalSet)
	return append(uleb(out, p.counter()), opEnd)
}

// Instructions on memory, without their operands.
var (
	memoryFill = []byte{opMisc, miscMemoryFill, 0}
	memoryCopy = []byte{opMisc, miscMemoryCopy, 0, 0}
)

// Parameters of fill and copy.
const (
	localTo     = 0
	localFrom   = 1 // of fill, the value
	localLength = 2
)

// fill is memory.fill in pieces, so that a tick is never far.
func (p *pass) fill() []byte {
	return p.inPieces([]int{localTo}, memoryFill, slices.Concat(
		get(localTo, localFrom), constant(nil, chunk), memoryFill,
		add(localTo, constant(nil, chunk)),
		subtract(localLength, constant(nil, chunk)),
	))
}

// copy is memory.copy in pieces: from the start if it moves bytes down, from
// the end if it moves them up, so that no piece overwrites a later one.
func (p *pass) copy() []byte {
	return p.inPieces([]int{localTo, localFrom}, memoryCopy, slices.Concat(
		subtract(localLength, constant(nil, chunk)),
		get(localTo, localFrom), []byte{opI32GtU, opIf, blockVoid},
		get(localTo, localLength), []byte{opI32Add}, get(localFrom, localLength), []byte{opI32Add}, constant(nil, chunk), memoryCopy,
		[]byte{opElse},
		get(localTo, localFrom), constant(nil, chunk), memoryCopy,
		add(localTo, constant(nil, chunk)), add(localFrom, constant(nil, chunk)),
		[]byte{opEnd},
	))
}

// inPieces does piece, which shortens the length by a chunk, until no more
// than a chunk is left, and then the instruction itself. A range that starts
// at one of starts and is not inside of memory goes to the instruction at
// once: it traps before it has changed anything.
func (p *pass) inPieces(starts []int, instruction, piece []byte) []byte {
	charge := func(steps []byte) []byte { return uleb(append(steps, opCall), p.added(addedCharge)) }
	out := []byte{0, opBlock, blockVoid}
	for _, start := range starts {
		out = slices.Concat(out,
			get(start), []byte{opI64ExtendU}, get(localLength), []byte{opI64ExtendU, opI64Add},
			[]byte{opMemorySize, 0, opI64ExtendU, opI64Const, 16, opI64Shl, opI64GtU, opBrIf, 0})
	}
	return slices.Concat(out,
		[]byte{opLoop, blockVoid},
		get(localLength), constant(nil, chunk), []byte{opI32GtU, opI32Eqz, opBrIf, 1},
		charge(constant(nil, chunk/bytesPerStep)), piece,
		[]byte{opBr, 0, opEnd, opEnd},
		charge(append(constant(get(localLength), log2(bytesPerStep)), opI32ShrU)),
		get(localTo, localFrom, localLength), instruction, []byte{opEnd})
}

func get(locals ...int) []byte {
	var out []byte
	for _, l := range locals {
		out = append(out, opLocalGet, byte(l)) //nolint:gosec // three of them
	}
	return out
}

func add(local int, amount []byte) []byte {
	return append(slices.Concat(get(local), amount), opI32Add, opLocalSet, byte(local)) //nolint:gosec // three of them
}

func subtract(local int, amount []byte) []byte {
	return append(slices.Concat(get(local), amount), opI32Sub, opLocalSet, byte(local)) //nolint:gosec // three of them
}
