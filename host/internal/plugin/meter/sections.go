package meter

import (
	"errors"
	"fmt"

	"github.com/callboard/callboard/host/internal/plugin/format"
	"github.com/callboard/callboard/sdk/abi"
)

// section writes one section anew, or copies it. Those to which the pass adds
// are written even where the original has none.
func (p *pass) section(id byte) error {
	content := p.content[id]
	always := id == format.Type || id == format.Import || id == format.Function ||
		id == format.Global || id == format.Export || id == format.Code
	if content == nil {
		if !always {
			return nil
		}
		content = []byte{0}
	}
	r := format.NewReader(content)
	out, err := p.rewrite(id, r)
	switch {
	case err != nil:
		return err
	case r.Err() != nil:
		return r.Err()
	case r.Left() != 0:
		return errors.New("has bytes left over")
	}
	p.emit(id, out)
	return nil
}

func (p *pass) rewrite(id byte, r *format.Reader) ([]byte, error) {
	switch id {
	case format.Type:
		return p.types(r)
	case format.Import:
		return p.importSection(r)
	case format.Function:
		return p.functionSection(r)
	case format.Table:
		return p.plain(r, &p.tables, func() error { valueType(r); return limits(r) })
	case format.Memory:
		return p.plain(r, &p.memories, func() error { return limits(r) })
	case format.Global:
		return p.globalSection(r)
	case format.Export:
		return p.exports(r)
	case format.Start:
		f, err := p.function(r, nil)
		return f, err
	case format.Element:
		return p.vector(r, &p.elems, nil, func(b []byte) ([]byte, error) { return p.element(r, b) })
	case format.DataCount:
		p.dat = r.U32()
		return uleb(nil, p.dat), nil
	case format.Code:
		return p.code(r)
	default: // data
		return p.vector(r, new(uint32), nil, func(b []byte) ([]byte, error) { return p.data(r, b) })
	}
}

// vector reads a vector and appends each element to what it returns, and then
// the extra ones, which are whole.
func (p *pass) vector(r *format.Reader, count *uint32, extra [][]byte, one func([]byte) ([]byte, error)) ([]byte, error) {
	n := r.Count()
	out := uleb(make([]byte, 0, r.Left()+64), uint32(n+len(extra))) //nolint:gosec // bounded by the bytes
	for range n {
		var err error
		if out, err = one(out); err != nil {
			return nil, err
		}
		if r.Err() != nil {
			return nil, r.Err()
		}
		*count++
	}
	for _, e := range extra {
		out = append(out, e...)
	}
	return out, nil
}

// plain checks a vector that is copied as it is.
func (p *pass) plain(r *format.Reader, count *uint32, one func() error) ([]byte, error) {
	start := r.Offset()
	for range r.Count() {
		if err := one(); err != nil {
			return nil, err
		}
		if r.Err() != nil {
			return nil, r.Err()
		}
		*count++
	}
	return r.Since(start), nil
}

func (p *pass) types(r *format.Reader) ([]byte, error) {
	var n uint32
	return p.vector(r, &n, [][]byte{
		{0x60, 1, typeI32, 1, typeI32},
		{0x60, 1, typeI32, 0},
		{0x60, 3, typeI32, typeI32, typeI32, 0},
	}, func(b []byte) ([]byte, error) {
		start := r.Offset()
		if form := r.Byte(); form != 0x60 {
			return nil, unsupported("type form %#x", form)
		}
		p.params = append(p.params, valueTypes(r))
		valueTypes(r)
		return append(b, r.Since(start)...), nil
	})
}

func (p *pass) importSection(r *format.Reader) ([]byte, error) {
	var n uint32
	return p.vector(r, &n, [][]byte{p.importTick(nil)}, func(b []byte) ([]byte, error) {
		start := r.Offset()
		if module, name := r.Name(), r.Name(); module == abi.Module && name == ImportTick {
			return nil, errors.New("imports callboard.tick, which is the host's")
		}
		switch kind := r.Byte(); kind {
		case format.KindFunction:
			if t := r.U32(); int(t) >= len(p.params) {
				return nil, fmt.Errorf("names type %d, which is not there", t)
			}
			p.imports++
		case format.KindTable:
			valueType(r)
			if err := limits(r); err != nil {
				return nil, err
			}
			p.tables++
		case format.KindMemory:
			if err := limits(r); err != nil {
				return nil, err
			}
			p.memories++
		case format.KindGlobal:
			valueType(r)
			r.Byte()
			p.globals++
		default:
			if r.Err() != nil {
				return nil, r.Err()
			}
			return nil, unsupported("an import of kind %d", kind)
		}
		return append(b, r.Since(start)...), nil
	})
}

func (p *pass) functionSection(r *format.Reader) ([]byte, error) {
	var extra [][]byte
	for _, fn := range p.helpers() {
		extra = append(extra, uleb(nil, p.typ(fn.typ)))
	}
	var n uint32
	return p.vector(r, &n, extra, func(b []byte) ([]byte, error) {
		t := r.U32()
		if int(t) >= len(p.params) {
			return nil, fmt.Errorf("names type %d, which is not there", t)
		}
		p.functions = append(p.functions, t)
		return uleb(b, t), nil
	})
}

func (p *pass) globalSection(r *format.Reader) ([]byte, error) {
	extra := [][]byte{append(constant([]byte{typeI32, 1}, Slice), opEnd)}
	for _, zero := range keepers {
		for range mostKept {
			extra = append(extra, zero)
		}
	}
	return p.vector(r, &p.globals, extra, func(b []byte) ([]byte, error) {
		b = append(b, r.Bytes(2)...)
		return p.constExpr(r, b)
	})
}

func (p *pass) exports(r *format.Reader) ([]byte, error) {
	var n uint32
	fuel := uleb(append(text(nil, ExportFuel), format.KindFunction), p.added(addedFuel))
	return p.vector(r, &n, [][]byte{fuel}, func(b []byte) ([]byte, error) {
		name := r.Name()
		if name == ExportFuel {
			return nil, fmt.Errorf("exports %s, which is the host's", ExportFuel)
		}
		kind := r.Byte()
		b = append(text(b, name), kind)
		switch kind {
		case format.KindFunction:
			return p.function(r, b)
		case format.KindTable:
			return p.index(r, b, "table", p.tables)
		case format.KindMemory:
			return p.index(r, b, "memory", p.memories)
		case format.KindGlobal:
			return p.index(r, b, "global", p.globals)
		default:
			if r.Err() != nil {
				return nil, r.Err()
			}
			return nil, unsupported("an export of kind %d", kind)
		}
	})
}

// function copies the index of a function, shifted.
func (p *pass) function(r *format.Reader, b []byte) ([]byte, error) {
	f := r.U32()
	if !p.knowsFunc(f) {
		return nil, fmt.Errorf("names function %d, which is not there", f)
	}
	return uleb(b, p.shift(f)), nil
}

// index copies an index that must be below most.
func (p *pass) index(r *format.Reader, b []byte, what string, most uint32) ([]byte, error) {
	n := r.U32()
	if n >= most {
		return nil, fmt.Errorf("names %s %d, which is not there", what, n)
	}
	return uleb(b, n), nil
}

func (p *pass) element(r *format.Reader, b []byte) (_ []byte, err error) {
	flag := r.U32()
	if flag > 7 {
		return nil, unsupported("an element segment of kind %d", flag)
	}
	b = uleb(b, flag)
	passive, explicit, exprs := flag&1 != 0, flag&2 != 0, flag&4 != 0
	if !passive {
		if explicit {
			if b, err = p.index(r, b, "table", p.tables); err != nil {
				return nil, err
			}
		}
		if b, err = p.constExpr(r, b); err != nil {
			return nil, err
		}
	}
	if passive || explicit {
		b = append(b, r.Byte()) // element kind or reference type
	}
	n := r.Count()
	b = uleb(b, uint32(n)) //nolint:gosec // bounded by the bytes
	for range n {
		if exprs {
			b, err = p.constExpr(r, b)
		} else {
			b, err = p.function(r, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (p *pass) data(r *format.Reader, b []byte) (_ []byte, err error) {
	flag := r.U32()
	if flag > 2 {
		return nil, unsupported("a data segment of kind %d", flag)
	}
	b = uleb(b, flag)
	if flag == 2 {
		if b, err = p.index(r, b, "memory", p.memories); err != nil {
			return nil, err
		}
	}
	if flag != 1 {
		if b, err = p.constExpr(r, b); err != nil {
			return nil, err
		}
	}
	n := r.U32()
	return append(uleb(b, n), r.Bytes(n)...), nil
}

// constExpr copies a constant expression with its end. It can name functions
// and globals.
func (p *pass) constExpr(r *format.Reader, b []byte) (_ []byte, err error) {
	for r.Err() == nil {
		start := r.Offset()
		switch op := r.Byte(); op {
		case opEnd:
			return append(b, op), nil
		case opGlobalGet:
			b, err = p.index(r, append(b, op), "global", p.globals)
		case opRefFunc:
			b, err = p.function(r, append(b, op))
		case opI32Const, opI64Const, opRefNull:
			r.SkipLEB()
			b = append(b, r.Since(start)...)
		case opF32Const:
			r.Bytes(4)
			b = append(b, r.Since(start)...)
		case opF64Const:
			r.Bytes(8)
			b = append(b, r.Since(start)...)
		case opVector:
			if sub := r.U32(); sub != vectorConst {
				return nil, unsupported("opcode 0xfd %d in a constant expression", sub)
			}
			r.Bytes(16)
			b = append(b, r.Since(start)...)
		default:
			return nil, unsupported("opcode %#x in a constant expression", op)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, r.Err()
}
