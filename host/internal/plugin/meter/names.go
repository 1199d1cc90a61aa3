package meter

import "github.com/callboard/callboard/host/internal/plugin/format"

// Subsections of the name section that name functions.
const (
	namesOfFunctions = 1
	namesOfLocals    = 2
	namesOfLabels    = 3
)

// names writes the name section with shifted functions. A malformed one is
// left out, because names only make stack traces readable.
func (p *pass) names() {
	if p.named == nil {
		return
	}
	out := text(nil, "name")
	r := format.NewReader(p.named)
	for r.Left() > 0 {
		id := r.Byte()
		content := r.Bytes(r.U32())
		sub := format.NewReader(content)
		switch id {
		case namesOfFunctions:
			content = p.functionNames(sub)
		case namesOfLocals, namesOfLabels:
			content = p.innerNames(sub)
		default:
			sub.Rest()
		}
		if r.Err() != nil || sub.Err() != nil || sub.Left() != 0 {
			return
		}
		out = append(uleb(append(out, id), uint32(len(content))), content...) //nolint:gosec // bounded by the module
	}
	p.emit(format.Custom, out)
}

// functionNames shifts a map from function to name, and adds the pass's own.
func (p *pass) functionNames(r *format.Reader) []byte {
	var names []byte
	n := uint32(0)
	for range r.Count() {
		f, name := r.U32(), r.Name()
		if r.Err() != nil {
			return nil
		}
		if p.knowsFunc(f) {
			names = text(uleb(names, p.shift(f)), name)
			n++
		}
	}
	for i, fn := range p.helpers() {
		names = text(uleb(names, p.added(i)), fn.name)
		n++
	}
	return append(uleb(nil, n), names...)
}

// innerNames shifts a map from function to the names of what is inside of it.
func (p *pass) innerNames(r *format.Reader) []byte {
	var names []byte
	n := uint32(0)
	for range r.Count() {
		f := r.U32()
		start := r.Offset()
		for range r.Count() {
			r.U32()
			r.Name()
			if r.Err() != nil {
				return nil
			}
		}
		if p.knowsFunc(f) {
			names = append(uleb(names, p.shift(f)), r.Since(start)...)
			n++
		}
	}
	return append(uleb(nil, n), names...)
}
