package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
)

func (s *scanner) types(r *reader) error {
	return s.vector(r, "types", s.Types, func() error {
		if r.byte() != 0x60 {
			return errors.New("has a type that is no function type")
		}
		params := s.valueTypes(r)
		s.params = append(s.params, params)
		if results := s.valueTypes(r); max(params, results) > s.Arity {
			return fmt.Errorf("has a function type with %d values, at most %d are allowed", max(params, results), s.Arity)
		}
		return nil
	})
}

func (s *scanner) valueTypes(r *reader) int {
	n := r.count()
	for range n {
		checkValueType(r)
	}
	return n
}

func checkValueType(r *reader) {
	switch r.byte() {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
	default:
		r.fail(errors.New("has an unknown value type"))
	}
}

func (s *scanner) importSection(r *reader) error {
	return s.vector(r, "imports", s.Imports, func() error {
		ref := Import{Module: r.name(), Name: r.name()}
		switch kind := r.byte(); kind {
		case KindFunction:
			ref.Function = true
			index := r.u32()
			if int(index) >= len(s.params) && r.err == nil {
				return fmt.Errorf("names type %d, which is not there", index)
			}
		case 1: // table
			checkValueType(r)
			skipLimits(r)
		case 2: // memory
			skipLimits(r)
		case 3: // global
			checkValueType(r)
			r.byte()
		default:
			return fmt.Errorf("has an import of unknown kind %d", kind)
		}
		s.result.Imports = append(s.result.Imports, ref)
		return nil
	})
}

func skipLimits(r *reader) {
	flag := r.byte()
	r.u32()
	switch flag {
	case 0:
	case 1:
		r.u32()
	default:
		r.fail(errors.New("has unknown limits"))
	}
}

func (s *scanner) functions(r *reader) error {
	return s.vector(r, "functions", s.Functions, func() error {
		index := r.u32()
		if int(index) >= len(s.params) && r.err == nil {
			return fmt.Errorf("names type %d, which is not there", index)
		}
		s.funcs = append(s.funcs, index)
		return nil
	})
}

// tables writes the section anew with a maximum for every table.
func (s *scanner) tables(r *reader) error {
	out := []byte{}
	count := 0
	err := s.vector(r, "tables", s.Tables, func() error {
		typ := r.byte()
		if typ != 0x70 && typ != 0x6f {
			return errors.New("has a table of unknown type")
		}
		flag, least := r.byte(), r.u32()
		most := uint32(s.TableEntries)
		switch flag {
		case 0:
		case 1:
			most = min(most, r.u32())
		default:
			return errors.New("has unknown limits")
		}
		if s.entries += int(least); s.entries > s.TableEntries {
			return fmt.Errorf("has %d table entries, at most %d are allowed", s.entries, s.TableEntries)
		}
		if most < least && r.err == nil {
			return errors.New("has a table whose maximum is below its minimum")
		}
		out = append(out, typ, 1)
		out = binary.AppendUvarint(out, uint64(least))
		out = binary.AppendUvarint(out, uint64(most))
		count++
		return nil
	})
	switch {
	case r.err != nil:
		return r.err
	case err != nil:
		return err
	case r.left() != 0:
		return errors.New("has bytes left over")
	}
	s.emit(sectionTable, append(binary.AppendUvarint(nil, uint64(count)), out...))
	return nil
}

func (s *scanner) element(r *reader) error {
	flag := r.u32()
	if flag > 7 {
		return errors.New("has an element segment of unknown kind")
	}
	passive, explicit, exprs := flag&1 != 0, flag&2 != 0, flag&4 != 0
	if !passive {
		if explicit {
			r.u32() // table index
		}
		r.skipConstExpr()
	}
	if passive || explicit {
		r.byte() // element kind or reference type
	}
	n := r.count()
	if s.elements += n; s.elements > s.Elements {
		return fmt.Errorf("has %d elements, at most %d are allowed", s.elements, s.Elements)
	}
	for range n {
		if exprs {
			r.skipConstExpr()
		} else {
			r.u32()
		}
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

func (s *scanner) data(r *reader) error {
	switch r.u32() {
	case 0:
		r.skipConstExpr()
	case 1:
	case 2:
		r.u32()
		r.skipConstExpr()
	default:
		return errors.New("has a data segment of unknown kind")
	}
	r.bytes(r.u32())
	return nil
}

func (s *scanner) code(r *reader) error {
	index := 0
	return s.vector(r, "functions", s.Functions, func() error {
		body := &reader{b: r.bytes(r.u32())}
		if r.err != nil {
			return r.err
		}
		if len(body.b) > s.BodyBytes {
			return fmt.Errorf("has a function %d of %d bytes, at most %d are allowed", index, len(body.b), s.BodyBytes)
		}
		var locals uint64
		for range body.count() {
			locals += uint64(body.u32())
			checkValueType(body)
			if body.err != nil {
				return body.err
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
			variables += s.params[s.funcs[index]]
		}
		if work := body.left() * variables; work > s.BodyWork {
			return fmt.Errorf("has a function %d with %d bytes of code and %d locals, together too much to compile", index, body.left(), variables)
		}
		if s.squares += int64(len(body.b)) * int64(len(body.b)); s.squares > s.Squares {
			return errors.New("has too much code in large functions to compile")
		}
		index++
		return body.err
	})
}

// wellFormedNames reports whether the name section's counts and lengths fit
// its bytes. Names only make stack traces readable, so a malformed section is
// left out instead of refused.
func wellFormedNames(content []byte) bool {
	r := &reader{b: content}
	for r.left() > 0 {
		id := r.byte()
		sub := &reader{b: r.bytes(r.u32())}
		if r.err != nil {
			return false
		}
		switch id {
		case 0:
			sub.name()
		case 1:
			skipNameMap(sub)
		case 2:
			for range sub.count() {
				sub.u32()
				skipNameMap(sub)
				if sub.err != nil {
					return false
				}
			}
		default:
			sub.off = len(sub.b)
		}
		if sub.err != nil || sub.left() != 0 {
			return false
		}
	}
	return true
}

func skipNameMap(r *reader) {
	for range r.count() {
		r.u32()
		r.name()
		if r.err != nil {
			return
		}
	}
}
