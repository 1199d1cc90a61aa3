package meter

import (
	"errors"
	"fmt"

	"github.com/callboard/callboard/host/internal/plugin/format"
)

// edit is one change of a function's code. The bytes from at to end are left
// out, and what the kind says is written instead.
type edit struct {
	at, end int
	kind    editKind
	arg     uint32
}

type editKind byte

const (
	editEntry    editKind = iota // count the region arg, an insertion at the start of the function
	editTurn                     // likewise at the start of a loop
	editTurnWith                 // likewise, of a loop with parameters
	editCall                     // function arg in place of the index there
	editFill                     // memory.fill
	editCopy                     // memory.copy
	editBytes                    // before an instruction that moves as many bytes as the top of the stack says
	editSlots                    // likewise of table entries
	editPages                    // likewise of memory pages
)

// body rewrites one function.
type body struct {
	p      *pass
	r      *format.Reader
	locals uint64 // params included
	carry  carry
	edits  []edit

	regions  []region
	within   []int32 // of each open block: the region around it if it is a loop, else -1
	region   int32   // the innermost
	from     int     // where it was entered, or gone on with
	straight bool    // everything up to here runs once, and calls nothing
	turns    bool    // the function's entry leads straight into a loop
}

// A region is the code that runs at most once for each time that its start is
// counted: a function without its loops, a loop without inner loops.
type region struct {
	size int    // bytes
	keep []kept // of a loop: what the rare way puts aside
}

// code rewrites all functions and appends the pass's own.
func (p *pass) code(r *format.Reader) ([]byte, error) {
	var extra [][]byte
	for _, fn := range p.helpers() {
		extra = append(extra, append(uleb(nil, uint32(len(fn.code))), fn.code...)) //nolint:gosec // a few bytes
	}
	b := &body{p: p}
	var n uint32
	var scratch []byte
	out, err := p.vector(r, &n, extra, func(out []byte) ([]byte, error) {
		if int(n) >= len(p.functions) {
			return nil, errors.New("has more functions than the function section")
		}
		code := r.Bytes(r.U32())
		if r.Err() != nil {
			return nil, r.Err()
		}
		var err error
		if scratch, err = b.rewrite(scratch[:0], code, p.params[p.functions[n]]); err != nil {
			var u *Unsupported
			if errors.As(err, &u) {
				return nil, unsupported("%s in function %d", u.What, p.imports+n)
			}
			return nil, fmt.Errorf("has a function %d that %w", p.imports+n, err)
		}
		return append(uleb(out, uint32(len(scratch))), scratch...), nil //nolint:gosec // bounded by the module
	})
	if err == nil && int(n) != len(p.functions) {
		err = errors.New("has fewer functions than the function section")
	}
	return out, err
}

// rewrite appends the new code of a function to out.
func (b *body) rewrite(out, code, params []byte) ([]byte, error) {
	r := format.NewReader(code)
	*b = body{
		p: b.p, r: r, locals: uint64(len(params)), carry: b.carry,
		edits: b.edits[:0], regions: append(b.regions[:0], region{}), within: append(b.within[:0], -1), straight: true,
	}
	b.carry.begin(params)
	groups := r.Count()
	first := r.Offset()
	for range groups {
		n, at := r.U32(), r.Offset()
		valueType(r)
		if r.Err() != nil {
			return nil, r.Err()
		}
		b.carry.declare(n, code[at])
		b.locals += uint64(n)
	}
	start := r.Offset()
	b.from = start
	b.edit(edit{at: start, end: start, kind: editEntry})
	for len(b.within) > 0 {
		if err := b.instruction(); err != nil {
			return nil, err
		}
		if r.Err() != nil {
			return nil, r.Err()
		}
	}
	if r.Left() != 0 {
		return nil, errors.New("has code after its end")
	}
	if b.locals >= 1<<32-1 {
		return nil, errors.New("has too many locals")
	}
	out = append(uleb(out, uint32(groups+1)), code[first:start]...) //nolint:gosec // bounded by the bytes
	out = append(out, 1, typeI32)                                   // for counters and amounts
	return b.write(out, code, start), nil
}

func (b *body) edit(e edit) { b.edits = append(b.edits, e) }

// enterLoop begins a region.
func (b *body) enterLoop(kind editKind) {
	at := b.r.Offset()
	b.leave(at)
	b.turns = b.turns || b.straight
	b.straight = false
	b.within = append(b.within, b.region)
	b.region = int32(len(b.regions)) //nolint:gosec // bounded by the bytes
	b.regions = append(b.regions, region{})
	b.carry.enterLoop()
	b.edit(edit{at: at, end: at, kind: kind, arg: uint32(b.region)}) //nolint:gosec // not negative
}

// leave ends a stretch of the current region.
func (b *body) leave(at int) {
	b.regions[b.region].size += at - b.from
	b.from = at
}

// end closes the innermost block.
func (b *body) end() {
	around := b.within[len(b.within)-1]
	b.within = b.within[:len(b.within)-1]
	b.carry.join()
	b.straight = false
	switch {
	case around >= 0:
		b.leave(b.r.Offset())
		b.regions[b.region].keep = b.carry.leaveLoop()
		b.region = around
	case len(b.within) == 0:
		b.leave(b.r.Offset())
	}
}

// instruction reads one instruction and notes what is to change.
func (b *body) instruction() error {
	r, p := b.r, b.p
	at := r.Offset()
	switch op := r.Byte(); {
	case op == opBlock, op == opIf:
		b.within = append(b.within, -1)
		b.straight = b.straight && op == opBlock
		_, err := b.blockType()
		return err
	case op == opLoop:
		params, err := b.blockType()
		if err != nil {
			return err
		}
		kind := editTurn
		if params > 0 {
			kind = editTurnWith
		}
		b.enterLoop(kind)
	case op == opEnd:
		b.end()
	case op == opBr, op == opBrIf:
		b.straight = false
		r.U32()
	case op == opBrTable:
		b.straight = false
		for range r.Count() {
			r.U32()
		}
		r.U32()
	case op == opCall, op == opRefFunc:
		b.straight = false
		f := r.U32()
		if !p.knowsFunc(f) {
			return fmt.Errorf("names function %d, which is not there", f)
		}
		if f >= p.imports {
			b.edit(edit{at: at + 1, end: r.Offset(), kind: editCall, arg: p.shift(f)})
		}
	case op == opCallIndirect:
		b.straight = false
		return errors.Join(b.below("type", uint32(len(p.params))), b.below("table", p.tables)) //nolint:gosec // a count
	case op == opSelectTyped:
		for range r.Count() {
			valueType(r)
		}
	case op >= opLocalGet && op <= opLocalTee:
		l := r.U32()
		if uint64(l) >= b.locals {
			return fmt.Errorf("names local %d, which is not there", l)
		}
		b.carry.use(l, op != opLocalGet)
	case op == opGlobalGet, op == opGlobalSet:
		return b.below("global", p.globals)
	case op == opTableGet, op == opTableSet:
		return b.below("table", p.tables)
	case op >= opI32Load && op <= opI64Store32:
		memarg(r)
	case op == opMemorySize:
		zero(r)
	case op == opMemoryGrow:
		zero(r)
		b.bulk(at, at, editPages)
	case op == opI32Const, op == opI64Const:
		r.SkipLEB()
	case op == opF32Const:
		r.Bytes(4)
	case op == opF64Const:
		r.Bytes(8)
	case op == opRefNull:
		valueType(r)
	case op == opMisc:
		return b.misc(at)
	case op == opVector:
		vectorImmediates(r, r.U32())
	case op <= 0x01, op == opReturn:
		b.straight = b.straight && op == 0x01
	case op == opElse:
		b.carry.join()
	case op == opDrop, op == opSelect,
		op >= opI32Eqz && op <= opI64Extend32S, op == opRefIsNull: // no immediates
	default:
		return unsupported("opcode %#x", op)
	}
	return nil
}

// misc reads an instruction with prefix 0xfc.
func (b *body) misc(at int) error {
	r, p := b.r, b.p
	switch sub := r.U32(); sub {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating conversions
		return nil
	case miscMemoryInit:
		b.bulk(at, at, editBytes)
		err := b.below("data segment", p.dat)
		zero(r)
		return err
	case miscDataDrop:
		return b.below("data segment", p.dat)
	case miscMemoryCopy:
		zero(r)
		zero(r)
		b.bulk(at, r.Offset(), editCopy)
		return nil
	case miscMemoryFill:
		zero(r)
		b.bulk(at, r.Offset(), editFill)
		return nil
	case miscTableInit:
		b.bulk(at, at, editSlots)
		return errors.Join(b.below("element segment", p.elems), b.below("table", p.tables))
	case miscElemDrop:
		return b.below("element segment", p.elems)
	case miscTableCopy:
		b.bulk(at, at, editSlots)
		return errors.Join(b.below("table", p.tables), b.below("table", p.tables))
	case miscTableGrow, miscTableFill:
		b.bulk(at, at, editSlots)
		return b.below("table", p.tables)
	case miscTableSize:
		return b.below("table", p.tables)
	default:
		if r.Err() != nil {
			return r.Err()
		}
		return unsupported("opcode 0xfc %d", sub)
	}
}

func (b *body) bulk(at, end int, kind editKind) {
	b.straight = false
	b.edit(edit{at: at, end: end, kind: kind})
}

// below reads an index that must be below most.
func (b *body) below(what string, most uint32) error {
	if n := b.r.U32(); n >= most && b.r.Err() == nil {
		return fmt.Errorf("names %s %d, which is not there", what, n)
	}
	return nil
}

// blockType reads the type of a block: nothing, a value type, or the index of
// a type as a signed number of 33 bits. It returns the number of parameters.
func (b *body) blockType() (params uint32, err error) {
	at := b.r.Offset()
	first := b.r.Byte()
	if first == blockVoid {
		return 0, nil
	}
	if first&0xc0 == 0x40 { // negative, of one byte
		switch first {
		case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
			return 0, nil
		}
		return 0, unsupported("block type %#x", first)
	}
	n, shift := uint64(first&0x7f), 7
	for c := first; c&0x80 != 0; shift += 7 {
		if shift > 28 {
			return 0, fmt.Errorf("has a block type of more than 33 bits at %d", at)
		}
		c = b.r.Byte()
		n |= uint64(c&0x7f) << shift
		if c&0x80 == 0 && c&0x40 != 0 {
			return 0, fmt.Errorf("has a negative block type at %d", at)
		}
	}
	switch {
	case b.r.Err() != nil:
		return 0, b.r.Err()
	case n >= uint64(len(b.p.params)):
		return 0, fmt.Errorf("has block type %d, which is not there", n)
	}
	return uint32(len(b.p.params[n])), nil //nolint:gosec // bounded by the bytes
}
