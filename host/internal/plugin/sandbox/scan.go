package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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

// Ids of the sections.
const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count",
}

// KindFunction is the kind of an import or export that is a function.
const KindFunction = 0

// Import names one import.
type Import struct {
	Module, Name string
	Function     bool // else a table, memory or global
}

// Scanned is what the scanner learns about a module.
type Scanned struct {
	Wasm    []byte // what to compile: tables bounded, custom sections but "name" dropped
	Imports []Import
	Exports map[string]byte // name -> kind: KindFunction, 1 table, 2 memory, 3 global
}

type scanner struct {
	Bounds
	out    *bytes.Buffer
	result Scanned
	params []int    // per type, their number
	funcs  []uint32 // their types

	// Sums so far.
	locals, elements, entries int
	squares                   int64
}

var magic = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// Scan checks a module against the bounds without decoding instructions and
// returns the module to compile. It changes two things, neither of which can
// make an invalid module valid: every table gets a maximum, because a growing
// table is memory of the host outside of the memory limit; and custom sections
// other than a well-formed "name" are left out.
func Scan(module []byte, bounds Bounds) (Scanned, error) {
	if len(module) > bounds.ModuleBytes {
		return Scanned{}, fmt.Errorf("the module has %d bytes, at most %d are allowed", len(module), bounds.ModuleBytes)
	}
	if !bytes.HasPrefix(module, magic) {
		return Scanned{}, errors.New("not a WebAssembly module of version 1")
	}
	s := scanner{Bounds: bounds, out: bytes.NewBuffer(make([]byte, 0, len(module)+64))}
	s.result.Exports = map[string]byte{}
	s.out.Write(magic)
	r := &reader{b: module, off: len(magic)}
	for r.left() > 0 {
		id := r.byte()
		content := r.bytes(r.u32())
		if r.err != nil {
			return Scanned{}, fmt.Errorf("the module %w", r.err)
		}
		if int(id) >= len(sectionNames) {
			return Scanned{}, fmt.Errorf("section %d is not known", id)
		}
		if err := s.section(id, content); err != nil {
			return Scanned{}, fmt.Errorf("the %s section %w", sectionNames[id], err)
		}
	}
	s.result.Wasm = s.out.Bytes()
	return s.result, nil
}

func (s *scanner) section(id byte, content []byte) error {
	r := &reader{b: content}
	var err error
	switch id {
	case sectionCustom:
		if r.name() == "name" && r.err == nil && wellFormedNames(content[r.off:]) {
			s.emit(id, content)
		}
		return r.err
	case sectionType:
		err = s.types(r)
	case sectionImport:
		err = s.importSection(r)
	case sectionFunction:
		err = s.functions(r)
	case sectionTable:
		return s.tables(r)
	case sectionGlobal:
		err = s.vector(r, "globals", s.Globals, func() error {
			r.bytes(2)
			r.skipConstExpr()
			return nil
		})
	case sectionExport:
		err = s.vector(r, "exports", s.Exports, func() error {
			name := r.name()
			s.result.Exports[name] = r.byte()
			r.u32()
			return nil
		})
	case sectionElement:
		err = s.vector(r, "element segments", s.Segments, func() error { return s.element(r) })
	case sectionCode:
		err = s.code(r)
	case sectionData:
		err = s.vector(r, "data segments", s.Segments, func() error { return s.data(r) })
	case sectionMemory, sectionStart, sectionDataCount:
		// Fixed size; the runtime checks the memory against the limit.
		if len(content) > 32 {
			return errors.New("is too long")
		}
		r.off = len(content)
	}
	switch {
	case r.err != nil:
		return r.err
	case err != nil:
		return err
	case r.left() != 0:
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
func (s *scanner) vector(r *reader, what string, most int, one func() error) error {
	n := r.count()
	if n > most {
		return fmt.Errorf("has %d %s, at most %d are allowed", n, what, most)
	}
	for range n {
		if err := one(); err != nil {
			return err
		}
		if r.err != nil {
			return r.err
		}
	}
	return nil
}
