package meter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/callboard/callboard/host/internal/plugin/format"
	"github.com/callboard/callboard/sdk/abi"
)

// Version is part of the key of whatever keeps rewritten modules: it changes
// when Rewrite would write something else for the same module.
const Version = 2

// Slice is what the counter of a new instance starts with.
const Slice = 4096

// Names that the pass adds to a module. They are the host's: a module that has
// one of them is refused.
const (
	// ImportTick is a function of module "callboard": tick(left i32) -> i32.
	// It is called when the counter is below zero, with the counter, and
	// returns the steps until its next call, at least 0.
	ImportTick = "tick"
	// ExportFuel is callboard_fuel(steps i32) -> i32, which sets the counter
	// and returns what it was. Guests cannot reach it.
	ExportFuel = "callboard_fuel"
)

// Metered is a rewritten module.
type Metered struct {
	Wasm   []byte
	Points int // places that count
	// Imports is how many functions the original imports. Functions from
	// there on have an index higher by one than in the original.
	Imports uint32
}

// Unsupported is the error about a module that may be valid and that the pass
// cannot read.
type Unsupported struct{ What string } // such as "opcode 0x12 in function 7"

// Error implements error.
func (u *Unsupported) Error() string { return "it uses " + u.What }

func unsupported(format string, args ...any) error {
	return &Unsupported{fmt.Sprintf(format, args...)}
}

// Rewrite returns the module with metering: it computes what the original
// computes, and counts. The module must have passed Validate. Custom sections
// are left out, but for names. Errors: *Unsupported, and for everything else
// that is wrong with the module another.
func Rewrite(module []byte) (Metered, error) {
	if !strings.HasPrefix(string(module[:min(len(module), len(format.Magic))]), format.Magic) {
		return Metered{}, errors.New("not a WebAssembly module of version 1")
	}
	p := &pass{}
	if err := p.split(module); err != nil {
		return Metered{}, err
	}
	p.out = append(make([]byte, 0, len(module)+len(module)/16+512), format.Magic...)
	for _, id := range order {
		if err := p.section(id); err != nil {
			var u *Unsupported
			if errors.As(err, &u) {
				return Metered{}, u
			}
			name, _ := format.SectionName(id)
			return Metered{}, fmt.Errorf("the %s section %w", name, err)
		}
	}
	p.names()
	return Metered{Wasm: p.out, Points: p.points, Imports: p.imports}, nil
}

// order is that of the sections in a module.
var order = [...]byte{
	format.Type, format.Import, format.Function, format.Table, format.Memory, format.Global, format.Export,
	format.Start, format.Element, format.DataCount, format.Code, format.Data,
}

// pass is the state of one Rewrite. All counts are of the original.
type pass struct {
	content [len(order) + 1][]byte // by id, nil = absent
	named   []byte                 // content of the name section after its name
	out     []byte
	points  int

	params                                [][]byte // value types, of each type
	imports                               uint32   // functions that are imported
	functions                             []uint32 // the types of the others
	tables, memories, globals, elems, dat uint32
}

// split finds the sections. Their order is checked, because counts of earlier
// ones are needed by later ones.
func (p *pass) split(module []byte) error {
	r := format.NewReader(module[len(format.Magic):])
	next := 0
	for r.Left() > 0 {
		id := r.Byte()
		content := r.Bytes(r.U32())
		if r.Err() != nil {
			return fmt.Errorf("the module %w", r.Err())
		}
		if id == format.Custom {
			c := format.NewReader(content)
			if c.Name() == "name" && c.Err() == nil {
				p.named = c.Rest()
			}
			continue
		}
		if int(id) > len(order) {
			return unsupported("section %d", id)
		}
		for next < len(order) && order[next] != id {
			next++
		}
		if next == len(order) {
			return fmt.Errorf("section %d is out of order", id)
		}
		next++
		p.content[id] = content[:len(content):len(content)]
	}
	return nil
}

func (p *pass) emit(id byte, content []byte) {
	p.out = append(p.out, id)
	p.out = binary.AppendUvarint(p.out, uint64(len(content)))
	p.out = append(p.out, content...)
}

// Indexes in the rewritten module of what the pass adds. Types are one past
// the original's, the counter is the global one past the original's, tick is
// the last function that is imported, the others are the last ones of all.
const (
	typeExchange = iota // (i32) -> i32
	typeAmount          // (i32)
	typeRange           // (i32, i32, i32)
	addedTypes
)

const (
	addedRefill = iota
	addedCharge
	addedFuel
	addedFill
	addedCopy
)

func (p *pass) typ(added int) uint32 { return uint32(len(p.params) + added) }               //nolint:gosec // counts of a module
func (p *pass) added(fn int) uint32  { return p.imports + 1 + uint32(len(p.functions)+fn) } //nolint:gosec // counts of a module
func (p *pass) counter() uint32      { return p.globals }
func (p *pass) knowsFunc(f uint32) bool {
	return uint64(f) < uint64(p.imports)+uint64(len(p.functions))
}

// hasMemory looks ahead: the section of memories is after that of functions.
func (p *pass) hasMemory() bool {
	return p.memories > 0 || format.NewReader(p.content[format.Memory]).U32() > 0
}

// shift returns the new index of an original function.
func (p *pass) shift(f uint32) uint32 {
	if f >= p.imports {
		return f + 1
	}
	return f
}

func uleb(b []byte, n uint32) []byte { return binary.AppendUvarint(b, uint64(n)) }

// sleb appends a signed number.
func sleb(b []byte, n int32) []byte {
	for {
		c := byte(n & 0x7f)
		if n >>= 6; n == 0 || n == -1 {
			return append(b, c)
		}
		n >>= 1
		b = append(b, c|0x80)
	}
}

// constant appends i32.const n.
func constant(b []byte, n uint32) []byte {
	return sleb(append(b, opI32Const), int32(n)) //nolint:gosec // the bits are meant
}

func text(b []byte, s string) []byte { return append(uleb(b, uint32(len(s))), s...) } //nolint:gosec // short names

// importTick is the import that the pass adds.
func (p *pass) importTick(b []byte) []byte {
	b = text(text(b, abi.Module), ImportTick)
	return uleb(append(b, format.KindFunction), p.typ(typeExchange))
}
