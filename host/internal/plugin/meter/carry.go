package meter

import "sort"

// The rare way of a count, on which the host is called, would cost every turn
// of its loop: the compiler stores what a loop carries from turn to turn on the
// stack each time that it is set, if it is needed after any call, however rare.
// So the rare way puts these locals aside in globals, and the loop goes on with
// what it takes back: to the compiler other values, of which none is needed
// after a call.
//
// Which locals a loop carries is guessed. A wrong guess costs time, and changes
// nothing else: what is put aside is taken back.
const (
	mostKept    = 12   // locals of one loop, and globals of one type
	mostWritten = 64   // locals that a loop is known to set, by the loops around it
	mostTracked = 4096 // locals of a function
)

// keepers are the globals of each type, as the global section has them.
var keepers = [...][]byte{
	{typeI32, 1, opI32Const, 0, opEnd},
	{typeI64, 1, opI64Const, 0, opEnd},
	{typeF32, 1, opF32Const, 0, 0, 0, 0, opEnd},
	{typeF64, 1, opF64Const, 0, 0, 0, 0, 0, 0, 0, 0, opEnd},
}

// kept is a local, and which of the globals of the pass it is put aside in.
type kept struct{ local, global uint32 }

// carry finds the locals that loops carry: those that are set in the loop, and
// read where no straight way leads from there back to a place that sets them.
type carry struct {
	types []byte   // of groups of locals
	ends  []uint64 // index after each group
	now   uint64   // grows with every place that several ways lead to
	block uint64   // since when there is only one way
	last  []access // of each local
	loops []openLoop
	set   []uint32 // in open loops
}

// access is when a local was used last.
type access struct{ set, read, listed uint64 }

type openLoop struct {
	since uint64
	from  int // in carry.set
}

func (c *carry) begin(params []byte) {
	c.types, c.ends, c.loops, c.set = c.types[:0], c.ends[:0], c.loops[:0], c.set[:0]
	for _, typ := range params {
		c.declare(1, typ)
	}
	c.join()
}

// declare adds n locals of a type.
func (c *carry) declare(n uint32, typ byte) {
	end := uint64(n)
	if len(c.ends) > 0 {
		end += c.ends[len(c.ends)-1]
	}
	c.types, c.ends = append(c.types, typ), append(c.ends, end)
}

func (c *carry) typeOf(local uint32) byte {
	return c.types[sort.Search(len(c.ends), func(i int) bool { return uint64(local) < c.ends[i] })]
}

// join says that what follows can be reached in several ways.
func (c *carry) join() {
	c.now++
	c.block = c.now
}

func (c *carry) enterLoop() {
	c.join()
	c.loops = append(c.loops, openLoop{c.now, len(c.set)})
}

// use notes that a local is read or set.
func (c *carry) use(local uint32, set bool) {
	if local >= mostTracked || len(c.loops) == 0 {
		return
	}
	if c.last == nil {
		c.last = make([]access, mostTracked)
	}
	a := &c.last[local]
	switch {
	case set:
		if a.set < c.loops[len(c.loops)-1].since {
			c.set = append(c.set, local)
		}
		a.set = c.now
	case a.set < c.block:
		a.read = c.now
	}
}

// leaveLoop returns what the innermost loop carries.
func (c *carry) leaveLoop() []kept {
	c.join()
	loop := c.loops[len(c.loops)-1]
	c.loops = c.loops[:len(c.loops)-1]
	candidates := c.set[loop.from:]
	var (
		keep []kept
		used [len(keepers)]uint32
		left = c.set[:loop.from]
	)
	for _, local := range candidates {
		a := &c.last[local]
		if a.listed == c.now {
			continue
		}
		a.listed = c.now
		if len(left) < loop.from+mostWritten {
			left = append(left, local)
		}
		if a.read < loop.since || len(keep) == mostKept {
			continue
		}
		for i, global := range keepers {
			if global[0] == c.typeOf(local) {
				keep = append(keep, kept{local, uint32(i)*mostKept + used[i]})
				used[i]++
			}
		}
	}
	c.set = left
	return keep
}

// putAside stores locals in globals.
func (p *pass) putAside(out []byte, keep []kept) []byte {
	for _, k := range keep {
		out = uleb(append(out, opLocalGet), k.local)
		out = uleb(append(out, opGlobalSet), p.counter()+1+k.global)
	}
	return out
}

// takeBack undoes putAside.
func (p *pass) takeBack(out []byte, keep []kept) []byte {
	for _, k := range keep {
		out = uleb(append(out, opGlobalGet), p.counter()+1+k.global)
		out = uleb(append(out, opLocalSet), k.local)
	}
	return out
}
