package meter_test

import (
	"encoding/binary"
	"slices"
)

// generator writes valid modules whose shape is chosen by bytes: a fuzzer that
// changes the bytes changes the module, and it stays valid.
type generator struct {
	choices []byte
	out     []byte
	self    int // index of the function being written
	depth   int
	labels  []bool // of the open blocks: whether a branch to it carries an i32
}

// Shape of a generated module.
const (
	genImports   = 2
	genFunctions = 4
	genBudget    = 400 // turns of loops and calls before the module gives up
	genData      = 64
	genTable     = 8
)

// Types of a generated module.
const (
	genFn   = iota // (i32, i64) -> i32, every function
	genLoop        // (i32) -> i32, a block with a parameter
)

// next returns a choice below n; without choices left the first, which is a leaf.
func (g *generator) next(n int) int {
	if len(g.choices) == 0 {
		return 0
	}
	c := g.choices[0]
	g.choices = g.choices[1:]
	return int(c) % n
}

func (g *generator) op(b ...byte) { g.out = append(g.out, b...) }

func (g *generator) constant(op byte, n int64) { g.out = signed(append(g.out, op), n) }

func signed(b []byte, n int64) []byte {
	for {
		c := byte(n & 0x7f)
		n >>= 7
		if n == 0 && c&0x40 == 0 || n == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func count(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func list(items ...[]byte) []byte { return append(count(len(items)), slices.Concat(items...)...) }

func part(id byte, content []byte) []byte {
	return slices.Concat([]byte{id}, count(len(content)), content)
}

func name(s string) []byte { return append(count(len(s)), s...) }

// generate returns the module for choices.
func generate(choices []byte) []byte {
	g := &generator{choices: choices}
	var imports, functions, bodies, elements [][]byte
	for i := range genImports {
		imports = append(imports, slices.Concat(name("env"), name(string(rune('f'+i))), []byte{0, genFn}))
	}
	for f := range genFunctions {
		functions = append(functions, []byte{genFn})
		elements = append(elements, count(genImports+f))
		g.self, g.out = f, nil
		g.spend()
		g.i32()
		code := slices.Concat([]byte{3, 2, 0x7f, 1, 0x7d, 1, 0x7c}, g.out, []byte{0x0b}) // locals 2 and 3, 4, 5
		bodies = append(bodies, append(count(len(code)), code...))
	}
	data := make([]byte, genData)
	for i := range data {
		data[i] = byte(i * 7)
	}
	at := []byte{0x41, 1, 0x0b}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		part(1, list([]byte{0x60, 2, 0x7f, 0x7e, 1, 0x7f}, []byte{0x60, 1, 0x7f, 1, 0x7f})),
		part(2, list(imports...)),
		part(3, list(functions...)),
		part(4, list([]byte{0x70, 1, genTable, 16})),
		part(5, list([]byte{1, 1, 3})),
		part(6, list(slices.Concat([]byte{0x7f, 1}, signed([]byte{0x41}, genBudget), []byte{0x0b}), []byte{0x7e, 1, 0x42, 5, 0x0b})),
		part(7, list(
			slices.Concat(name("run"), []byte{0, genImports}), slices.Concat(name("memory"), []byte{2, 0}),
			slices.Concat(name("a"), []byte{3, 0}), slices.Concat(name("b"), []byte{3, 1}),
		)),
		part(9, list(slices.Concat([]byte{0}, at, list(elements...)), slices.Concat([]byte{1, 0}, list(elements...)))),
		part(12, count(1)),
		part(10, list(bodies...)),
		part(11, list(slices.Concat([]byte{1}, count(len(data)), data))),
	)
}

// spend counts the module's own budget down and traps at its end, so that the
// module ends without metering too.
func (g *generator) spend() {
	g.op(0x23, 0, 0x45, 0x04, 0x40, 0x00, 0x0b) // global.get 0; i32.eqz; if; unreachable; end
	g.op(0x23, 0, 0x41, 1, 0x6b, 0x24, 0)       // global 0 less one
}

// open writes a block whose label carries an i32 or nothing, and its end.
func (g *generator) open(head []byte, carries bool, inside func()) {
	g.op(head...)
	g.labels = append(g.labels, carries)
	inside()
	g.labels = g.labels[:len(g.labels)-1]
	g.op(0x0b)
}

// branch writes a br_if to a label that takes what is on the stack, i32 or
// nothing, if there is one; the condition is pushed here.
func (g *generator) branch(carries bool) {
	n := g.next(len(g.labels) + 1)
	for l := range g.labels {
		depth := (l + n) % len(g.labels)
		if g.labels[len(g.labels)-1-depth] == carries {
			g.i32()
			g.op(0x0d, byte(depth))
			return
		}
	}
}

func (g *generator) enter() bool {
	g.depth++
	return g.depth <= 12
}

func (g *generator) leave() { g.depth-- }

// i32 writes an expression of type i32.
func (g *generator) i32() {
	defer g.leave()
	if !g.enter() {
		g.op(0x41, 3)
		return
	}
	switch g.next(19) {
	case 0:
		g.constant(0x41, int64(int8(g.next(256)))) //nolint:gosec // any byte
	case 1:
		g.op(0x20, []byte{0, 2, 3}[g.next(3)])
	case 2, 3:
		g.i32()
		g.i32()
		g.op(byte(0x46 + g.next(0x79-0x46)%0x33))
		if last := g.out[len(g.out)-1]; last > 0x4f && last < 0x6a { // not of two i32
			g.out[len(g.out)-1] = 0x6a
		}
	case 4:
		g.i64()
		g.op(0xa7)
	case 5:
		g.i32()
		g.op(0x28, 2, byte(g.next(128)))
	case 6:
		g.open([]byte{0x02, 0x7f}, true, func() { g.i32(); g.branch(true) })
	case 7:
		g.i32()
		g.op(0x04, 0x7f)
		g.labels = append(g.labels, true)
		g.i32()
		g.op(0x05)
		g.i32()
		g.labels = g.labels[:len(g.labels)-1]
		g.op(0x0b)
	case 8:
		g.open([]byte{0x03, 0x7f}, false, func() { g.spend(); g.statement(); g.branch(false); g.i32() })
	case 9:
		g.i32()
		g.open([]byte{0x03, genLoop}, true, func() { g.spend(); g.i32(); g.op(0x6a); g.branch(true) })
	case 10: // an import, or a function
		g.i32()
		g.i64()
		g.op(0x10, byte(g.next(genImports+genFunctions)))
	case 11:
		g.i32()
		g.i64()
		g.i32()
		g.op(0x11, genFn, 0)
	case 12:
		g.op(0x3f, 0)
	case 13:
		g.amount()
		g.op(0x40, 0)
	case 14:
		g.statement()
		g.i32()
	case 15:
		g.i32()
		g.i32()
		g.i32()
		g.op(0x1b)
	case 16:
		g.op(0x20, 4, 0xbc) // i32.reinterpret_f32
	case 17:
		g.op(0xd2, byte(genImports+g.next(genFunctions)))
		g.amount()
		g.op(0xfc, 15, 0) // table.grow
	default:
		g.i32()
		g.op(0x25, 0, 0xd1) // table.get; ref.is_null
	}
}

func (g *generator) i64() {
	defer g.leave()
	if !g.enter() {
		g.op(0x42, 9)
		return
	}
	switch g.next(7) {
	case 0:
		g.constant(0x42, int64(g.next(256))<<g.next(60))
	case 1:
		g.op(0x20, 1)
	case 2:
		g.i64()
		g.i64()
		g.op(byte(0x7c + g.next(15)))
	case 3:
		g.i32()
		g.op(0xac)
	case 4:
		g.op(0x23, 1)
	case 5:
		g.op(0x20, 5, 0xbd) // i64.reinterpret_f64
	default:
		g.i32()
		g.op(0x29, 3, byte(g.next(64)))
	}
}

// amount pushes a length: none, short, long, longer than the memory, the most.
func (g *generator) amount() {
	sizes := []int64{0, 1, 5, 1023, 1024, 4096, 65_535, 131_072, 65_536 * 3, -1}
	g.constant(0x41, sizes[g.next(len(sizes))])
}

// statement writes something that leaves the stack as it was.
func (g *generator) statement() {
	defer g.leave()
	if !g.enter() {
		g.op(0x01)
		return
	}
	switch g.next(17) {
	case 0:
		g.op(0x01)
	case 14:
		g.i64()
		g.op(0x21, 1)
	case 15:
		g.i32()
		g.op(0xbe, 0x21, 4) // f32.reinterpret_i32
	case 16:
		g.i64()
		g.op(0xbf, 0x21, 5) // f64.reinterpret_i64
	case 1:
		g.i32()
		g.op(0x1a)
	case 2:
		g.i32()
		g.i32()
		g.op(0x36, 2, byte(g.next(128)))
	case 3:
		g.i32()
		g.op(0x21, byte(2+g.next(2)))
	case 4:
		g.i64()
		g.op(0x24, 1)
	case 5, 6:
		g.i32()
		g.i32()
		g.amount()
		if g.next(2) == 0 {
			g.op(0xfc, 11, 0)
		} else {
			g.op(0xfc, 10, 0, 0)
		}
	case 7:
		g.i32()
		g.i32()
		g.amount()
		g.op(0xfc, 8, 0, 0)
	case 8:
		g.i32()
		g.op(0xd0, 0x70)
		g.amount()
		g.op(0xfc, 17, 0)
	case 9:
		g.i32()
		g.i32()
		g.amount()
		if g.next(2) == 0 {
			g.op(0xfc, 14, 0, 0)
		} else {
			g.op(0xfc, 12, 1, 0)
		}
	case 10:
		g.op([][]byte{{0xfc, 9, 0}, {0xfc, 13, 1}}[g.next(2)]...)
	case 11:
		g.open([]byte{0x02, 0x40}, false, func() {
			g.open([]byte{0x02, 0x40}, false, func() {
				g.i32()
				g.op(0x0e, 2, 0, 1, 0) // br_table
			})
			g.statement()
		})
	case 12:
		g.open([]byte{0x03, 0x40}, false, func() { g.spend(); g.statement(); g.branch(false) })
	default:
		g.i32()
		g.op(0x04, 0x40)
		g.labels = append(g.labels, false)
		g.statement()
		if g.next(4) == 3 {
			g.op(0x00) // unreachable
		}
		g.labels = g.labels[:len(g.labels)-1]
		g.op(0x0b)
	}
}
