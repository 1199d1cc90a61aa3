package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/callboard/callboard/host/internal/plugin/format"
)

func (s *scanner) typeSection(r *format.Reader) error {
	return s.vector(r, "types", s.Types, func() error {
		if r.Byte() != 0x60 {
			return errors.New("has a type that is no function type")
		}
		t := FuncType{valueTypes(r), valueTypes(r)}
		if most := max(len(t.Params), len(t.Results)); most > s.Arity {
			return fmt.Errorf("has a function type with %d values, at most %d are allowed", most, s.Arity)
		}
		s.types = append(s.types, t)
		return nil
	})
}

func valueTypes(r *format.Reader) string {
	n := r.Count()
	start := r.Offset()
	for range n {
		checkValueType(r)
	}
	if r.Err() != nil {
		return ""
	}
	return string(r.Since(start))
}

// export notes one export. An index that is not there is for the validation.
func (s *scanner) export(r *format.Reader) error {
	name, kind, index := r.Name(), r.Byte(), int(r.U32())
	s.result.Exports[name] = kind
	if kind != format.KindFunction {
		return nil
	}
	typ := len(s.types)
	if index < len(s.called) {
		typ = int(s.called[index])
	} else if index -= len(s.called); index < len(s.funcs) {
		typ = int(s.funcs[index])
	}
	if typ < len(s.types) {
		s.result.Types[name] = s.types[typ]
	}
	return nil
}

func checkValueType(r *format.Reader) {
	switch r.Byte() {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
	default:
		r.Fail(errors.New("has an unknown value type"))
	}
}

func (s *scanner) importSection(r *format.Reader) error {
	return s.vector(r, "imports", s.Imports, func() error {
		ref := Import{Module: r.Name(), Name: r.Name()}
		switch kind := r.Byte(); kind {
		case format.KindFunction:
			ref.Function = true
			index := r.U32()
			if int(index) >= len(s.types) {
				if r.Err() != nil {
					return r.Err()
				}
				return fmt.Errorf("names type %d, which is not there", index)
			}
			ref.Type = s.types[index]
			s.called = append(s.called, index)
		case format.KindTable:
			checkValueType(r)
			skipLimits(r)
		case format.KindMemory:
			skipLimits(r)
		case format.KindGlobal:
			checkValueType(r)
			r.Byte()
		default:
			return fmt.Errorf("has an import of unknown kind %d", kind)
		}
		s.result.Imports = append(s.result.Imports, ref)
		return nil
	})
}

func skipLimits(r *format.Reader) {
	flag := r.Byte()
	r.U32()
	switch flag {
	case 0:
	case 1:
		r.U32()
	default:
		r.Fail(errors.New("has unknown limits"))
	}
}

func (s *scanner) functions(r *format.Reader) error {
	return s.vector(r, "functions", s.Functions, func() error {
		index := r.U32()
		if int(index) >= len(s.types) && r.Err() == nil {
			return fmt.Errorf("names type %d, which is not there", index)
		}
		s.funcs = append(s.funcs, index)
		return nil
	})
}

// tables writes the section anew with a maximum for every table.
func (s *scanner) tables(r *format.Reader) error {
	out := []byte{}
	count := 0
	err := s.vector(r, "tables", s.Tables, func() error {
		typ := r.Byte()
		if typ != 0x70 && typ != 0x6f {
			return errors.New("has a table of unknown type")
		}
		flag, least := r.Byte(), r.U32()
		most := uint32(s.TableEntries)
		switch flag {
		case 0:
		case 1:
			most = min(most, r.U32())
		default:
			return errors.New("has unknown limits")
		}
		if s.entries += int(least); s.entries > s.TableEntries {
			return fmt.Errorf("has %d table entries, at most %d are allowed", s.entries, s.TableEntries)
		}
		if most < least && r.Err() == nil {
			return errors.New("has a table whose maximum is below its minimum")
		}
		out = append(out, typ, 1)
		out = binary.AppendUvarint(out, uint64(least))
		out = binary.AppendUvarint(out, uint64(most))
		count++
		return nil
	})
	switch {
	case r.Err() != nil:
		return r.Err()
	case err != nil:
		return err
	case r.Left() != 0:
		return errors.New("has bytes left over")
	}
	s.emit(format.Table, append(binary.AppendUvarint(nil, uint64(count)), out...))
	return nil
}

func (s *scanner) element(r *format.Reader) error {
	flag := r.U32()
	if flag > 7 {
		return errors.New("has an element segment of unknown kind")
	}
	passive, explicit, exprs := flag&1 != 0, flag&2 != 0, flag&4 != 0
	if !passive {
		if explicit {
			r.U32() // table index
		}
		r.SkipConstExpr()
	}
	if passive || explicit {
		r.Byte() // element kind or reference type
	}
	n := r.Count()
	if s.elements += n; s.elements > s.Elements {
		return fmt.Errorf("has %d elements, at most %d are allowed", s.elements, s.Elements)
	}
	for range n {
		if exprs {
			r.SkipConstExpr()
		} else {
			r.U32()
		}
		if r.Err() != nil {
			return r.Err()
		}
	}
	return nil
}

func (s *scanner) data(r *format.Reader) error {
	switch r.U32() {
	case 0:
		r.SkipConstExpr()
	case 1:
	case 2:
		r.U32()
		r.SkipConstExpr()
	default:
		return errors.New("has a data segment of unknown kind")
	}
	r.Bytes(r.U32())
	return nil
}

func (s *scanner) code(r *format.Reader) error {
	index := 0
	return s.vector(r, "functions", s.Functions, func() error {
		code := r.Bytes(r.U32())
		body := format.NewReader(code)
		if r.Err() != nil {
			return r.Err()
		}
		if len(code) > s.BodyBytes {
			return fmt.Errorf("has a function %d of %d bytes, at most %d are allowed", index, len(code), s.BodyBytes)
		}
		var locals uint64
		for range body.Count() {
			locals += uint64(body.U32())
			checkValueType(body)
			if body.Err() != nil {
				return body.Err()
			}
		}
		if locals > uint64(s.Locals) {
			return fmt.Errorf("has a function %d with %d locals, at most %d are allowed", index, locals, s.Locals)
		}
		if s.locals += int(locals); s.locals > s.AllLocals {
			return fmt.Errorf("has more than %d locals", s.AllLocals)
		}
		variables := int(locals)
		if index < len(s.funcs) {
			variables += len(s.types[s.funcs[index]].Params)
		}
		if work := body.Left() * variables; work > s.BodyWork {
			return fmt.Errorf("has a function %d with %d bytes of code and %d locals, together too much to compile", index, body.Left(), variables)
		}
		if s.squares += int64(len(code)) * int64(len(code)); s.squares > s.Squares {
			return errors.New("has too much code in large functions to compile")
		}
		index++
		return body.Err()
	})
}

// wellFormedNames reports whether the name section's counts and lengths fit
// its bytes. Names only make stack traces readable, so a malformed section is
// left out instead of refused.
func wellFormedNames(content []byte) bool {
	r := format.NewReader(content)
	for r.Left() > 0 {
		id := r.Byte()
		sub := format.NewReader(r.Bytes(r.U32()))
		if r.Err() != nil {
			return false
		}
		switch id {
		case 0:
			sub.Name()
		case 1:
			skipNameMap(sub)
		case 2:
			for range sub.Count() {
				sub.U32()
				skipNameMap(sub)
				if sub.Err() != nil {
					return false
				}
			}
		default:
			sub.Rest()
		}
		if sub.Err() != nil || sub.Left() != 0 {
			return false
		}
	}
	return true
}

func skipNameMap(r *format.Reader) {
	for range r.Count() {
		r.U32()
		r.Name()
		if r.Err() != nil {
			return
		}
	}
}
