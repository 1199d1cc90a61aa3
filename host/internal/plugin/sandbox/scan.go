package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/callboard/callboard/host/internal/plugin/format"
)

// Bounds are what a module may contain. The runtime's decoder allocates what a
// module's counts say before it has seen the bytes (ten bytes can ask for 4 GB
// of locals), so everything countable is checked first.
type Bounds struct {
	ModuleBytes  int
	Types        int
	Arity        int // params or results of one type
	Imports      int
	Functions    int
	Tables       int
	TableEntries int // of all tables at start, and the most a table may grow to
	Globals      int
	Exports      int
	Segments     int // element segments, and data segments
	Elements     int // entries of all element segments
	BodyBytes    int // code of one function
	Locals       int // of one function
	AllLocals    int // of all functions
	// The compiler's time grows with the square of a function's code, and its
	// memory with code times locals: one function of 350 KB with 1,000 locals
	// was measured at 78 s and 3 GB. BodyWork bounds code bytes times locals
	// of one function, Squares the sum of all functions' code bytes squared,
	// which at 0.15 ns each is about 45 s of compiling.
	BodyWork int
	Squares  int64
}

// DefaultBounds fit what the Go, Rust and AssemblyScript compilers emit, with
// room: of a Go program of 17 MB with net/http, templates and go/types the
// largest function has 62 KB, the most locals are 20, and the squares 6e10.
func DefaultBounds() Bounds {
	return Bounds{
		ModuleBytes: 32 << 20, Types: 10_000, Arity: 256, Imports: 1000, Functions: 150_000,
		Tables: 8, TableEntries: 1 << 20, Globals: 10_000, Exports: 10_000, Segments: 100_000, Elements: 1 << 20,
		BodyBytes: 256 << 10, Locals: 10_000, AllLocals: 10_000_000, BodyWork: 8 << 20, Squares: 300_000_000_000,
	}
}

// Import names one import.
type Import struct {
	Module, Name string
	Function     bool     // else a table, memory or global
	Type         FuncType // of a function
}

// FuncType is the type of a function, a byte a value as in the binary format.
type FuncType struct{ Params, Results string }

// Scanned is what the scanner learns about a module.
type Scanned struct {
	Wasm    []byte // what to compile: tables bounded, custom sections but "name" dropped
	Imports []Import
	Exports map[string]byte     // name -> kind, as format.KindFunction
	Types   map[string]FuncType // of the functions that are exported
}

type scanner struct {
	Bounds
	out    *bytes.Buffer
	result Scanned
	types  []FuncType
	called []uint32 // types of the functions that are imported
	funcs  []uint32 // types of the others

	// Sums so far.
	locals, elements, entries int
	squares                   int64
}

// Scan checks a module against the bounds without decoding instructions and
// returns the module to compile. It changes two things, neither of which can
// make an invalid module valid: every table gets a maximum, because a growing
// table is memory of the host outside of the memory limit; and custom sections
// other than a well-formed "name" are left out.
func Scan(module []byte, bounds Bounds) (Scanned, error) {
	if len(module) > bounds.ModuleBytes {
		return Scanned{}, fmt.Errorf("the module has %d bytes, at most %d are allowed", len(module), bounds.ModuleBytes)
	}
	if !bytes.HasPrefix(module, []byte(format.Magic)) {
		return Scanned{}, errors.New("not a WebAssembly module of version 1")
	}
	s := scanner{Bounds: bounds, out: bytes.NewBuffer(make([]byte, 0, len(module)+64))}
	s.result.Exports, s.result.Types = map[string]byte{}, map[string]FuncType{}
	s.out.WriteString(format.Magic)
	r := format.NewReader(module[len(format.Magic):])
	for r.Left() > 0 {
		id := r.Byte()
		content := r.Bytes(r.U32())
		if r.Err() != nil {
			return Scanned{}, fmt.Errorf("the module %w", r.Err())
		}
		name, known := format.SectionName(id)
		if !known {
			return Scanned{}, fmt.Errorf("section %d is not known", id)
		}
		if err := s.section(id, content); err != nil {
			return Scanned{}, fmt.Errorf("the %s section %w", name, err)
		}
	}
	s.result.Wasm = s.out.Bytes()
	return s.result, nil
}

func (s *scanner) section(id byte, content []byte) error {
	r := format.NewReader(content)
	var err error
	switch id {
	case format.Custom:
		if r.Name() == "name" && r.Err() == nil && wellFormedNames(r.Rest()) {
			s.emit(id, content)
		}
		return r.Err()
	case format.Type:
		err = s.typeSection(r)
	case format.Import:
		err = s.importSection(r)
	case format.Function:
		err = s.functions(r)
	case format.Table:
		return s.tables(r)
	case format.Global:
		err = s.vector(r, "globals", s.Globals, func() error {
			r.Bytes(2)
			r.SkipConstExpr()
			return nil
		})
	case format.Export:
		err = s.vector(r, "exports", s.Exports, func() error { return s.export(r) })
	case format.Element:
		err = s.vector(r, "element segments", s.Segments, func() error { return s.element(r) })
	case format.Code:
		err = s.code(r)
	case format.Data:
		err = s.vector(r, "data segments", s.Segments, func() error { return s.data(r) })
	case format.Memory, format.Start, format.DataCount:
		// Fixed size; the runtime checks the memory against the limit.
		if len(content) > 32 {
			return errors.New("is too long")
		}
		r.Rest()
	}
	switch {
	case r.Err() != nil:
		return r.Err()
	case err != nil:
		return err
	case r.Left() != 0:
		return errors.New("has bytes left over")
	}
	s.emit(id, content)
	return nil
}

func (s *scanner) emit(id byte, content []byte) {
	s.out.WriteByte(id)
	s.out.Write(binary.AppendUvarint(nil, uint64(len(content))))
	s.out.Write(content)
}

// vector reads a count, bounds it, and calls one for each element.
func (s *scanner) vector(r *format.Reader, what string, most int, one func() error) error {
	n := r.Count()
	if n > most {
		return fmt.Errorf("has %d %s, at most %d are allowed", n, what, most)
	}
	for range n {
		if err := one(); err != nil {
			return err
		}
		if r.Err() != nil {
			return r.Err()
		}
	}
	return nil
}
