package meter

import (
	"math/bits"
)

// What one step pays for.
const (
	codePerStep  = 1 << 10 // bytes of code in one region, the first of them within the region's own step
	bytesPerStep = 1 << 10 // bytes that a bulk instruction moves, the first of them free
	slotsPerStep = bytesPerStep / 8
	stepsPerPage = 64 << 10 / bytesPerStep
	mostPages    = 1 << 16 // of a memory; growing by more fails
	// mostBefore is the code outside of loops of a function that pays with the
	// first turn of its loop.
	mostBefore = 128 // bytes
	// chunk is how much memory.fill and memory.copy move between two checks.
	chunk = 256 << 10
	// mostSteps of one charge, so that the counter cannot overflow: what four
	// gigabytes cost, plus one.
	mostSteps = 1<<22 + 1
)

// write appends the code from start with the edits made.
func (b *body) write(out, code []byte, start int) []byte {
	own := uint32(b.locals) //nolint:gosec // checked before
	from := start
	for _, e := range b.edits {
		out = append(out, code[from:e.at]...)
		from = e.end
		switch e.kind {
		case editEntry:
			if !b.turns || b.regions[0].size > mostBefore {
				out = b.count(out, e)
			}
		case editTurn, editTurnWith:
			out = b.count(out, e)
		case editCall:
			out = uleb(out, e.arg)
		case editBytes:
			out = b.p.charge(out, own, bytesPerStep)
		case editSlots:
			out = b.p.charge(out, own, slotsPerStep)
		case editPages:
			out = b.p.chargePages(out, own)
		case editFill:
			out = b.p.bulk(out, own, b.p.added(addedFill), code[e.at:e.end])
		case editCopy:
			out = b.p.bulk(out, own, b.p.added(addedCopy), code[e.at:e.end])
		}
	}
	return append(out, code[from:]...)
}

// weight is what counting a region costs.
func (b *body) weight(region uint32) uint32 {
	b.p.points++
	return uint32(min(1+b.regions[region].size/codePerStep, mostSteps)) //nolint:gosec // bounded
}

// count takes steps off the counter, and refills it below zero. The rare way
// ends in a jump to where counting began, with the steps given back: code
// that went on from both ways would have its values on the stack in both, and
// every turn of every loop would pay for that.
func (b *body) count(out []byte, e edit) []byte {
	p, own, steps := b.p, uint32(b.locals), b.weight(e.arg) //nolint:gosec // checked before
	if e.kind == editEntry {
		out = append(out, opLoop, blockVoid)
	}
	out = append(out, opGlobalGet)
	out = constant(uleb(out, p.counter()), steps)
	out = uleb(append(out, opI32Sub, opLocalTee), own)
	out = uleb(append(out, opGlobalSet), p.counter())
	out = append(uleb(append(out, opLocalGet), own), opI32Const, 0, opI32LtS, opIf, blockVoid)
	if e.kind == editTurnWith { // the parameters of a jump would be out of reach
		return append(p.refillWith(out, 0), opEnd)
	}
	keep := b.regions[e.arg].keep
	out = p.putAside(out, keep)
	out = p.refillWith(out, steps)
	out = append(p.takeBack(out, keep), opBr, 1, opEnd)
	if e.kind == editEntry {
		out = append(out, opEnd)
	}
	return out
}

// belowZero pushes whether the counter is.
func (p *pass) belowZero(out []byte) []byte {
	return append(uleb(append(out, opGlobalGet), p.counter()), opI32Const, 0, opI32LtS)
}

// refillWith refills the counter and adds steps.
func (p *pass) refillWith(out []byte, steps uint32) []byte {
	return uleb(append(constant(out, steps), opCall), p.added(addedRefill))
}

// teeAbove keeps the top of the stack in a local too, and pushes whether it is
// at least least.
func teeAbove(out []byte, local, least uint32) []byte {
	out = uleb(append(out, opLocalTee), local)
	out = uleb(append(out, opLocalGet), local)
	return append(constant(out, least-1), opI32GtU)
}

// charge charges for as many units as the top of the stack says, which stays.
func (p *pass) charge(out []byte, local, unitsPerStep uint32) []byte {
	out = append(teeAbove(out, local, unitsPerStep), opIf, blockVoid)
	return append(p.chargeFor(out, local, unitsPerStep), opEnd)
}

func (p *pass) chargeFor(out []byte, local, unitsPerStep uint32) []byte {
	out = uleb(append(out, opLocalGet), local)
	out = append(constant(out, log2(unitsPerStep)), opI32ShrU, opCall)
	return uleb(out, p.added(addedCharge))
}

// chargePages charges for pages before memory.grow; an amount that no memory
// has counts as the most that one has.
func (p *pass) chargePages(out []byte, local uint32) []byte {
	out = uleb(append(out, opLocalTee), local)
	out = least(out, local, mostPages)
	out = append(constant(out, log2(stepsPerPage)), opI32Shl)
	out = append(constant(out, 1), opI32Or, opCall)
	return uleb(out, p.added(addedCharge))
}

// bulk does a memory.fill or memory.copy at once where it is short, and in the
// function that does it piece by piece where it is not.
func (p *pass) bulk(out []byte, local, inPieces uint32, instruction []byte) []byte {
	out = append(teeAbove(out, local, bytesPerStep), opIf)
	out = append(sleb(out, int32(p.typ(typeRange))), opCall) //nolint:gosec // a count
	out = append(uleb(out, inPieces), opElse)
	return append(append(out, instruction...), opEnd)
}

// least pushes the lesser of a local and most, unsigned.
func least(out []byte, local, most uint32) []byte {
	out = constant(uleb(append(out, opLocalGet), local), most)
	out = constant(uleb(append(out, opLocalGet), local), most)
	return append(out, opI32LtU, opSelect)
}

func log2(n uint32) uint32 { return uint32(bits.TrailingZeros32(n)) } //nolint:gosec // below 32
