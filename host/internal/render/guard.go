package render

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/callboard/callboard/host/internal/fault"
)

// Markdown is cheap to write and can be dear to render: a table is padded to
// its header, quotes nest, and delimiters look for their partners. These bounds
// keep the cost of a text near its length; each is far above what people write.
const (
	maxMarkdown   = 256 << 10 // bytes of a source
	maxHTML       = 8 << 20   // bytes of a rendered page
	maxCells      = 100_000   // of one table
	maxContainers = 64        // quote and list markers before the text of one line
	maxDelimiters = 3_000     // in one paragraph or line
)

// refusal passes through the parser, which knows no errors, as a panic.
type refusal struct{ reason string }

// recoverRefusal turns a refusal into a fault and lets every other panic go on.
func recoverRefusal(err *error) {
	switch p := recover().(type) {
	case nil:
	case refusal:
		*err = fault.New(fault.Invalid, "the markdown cannot be rendered: %s", p.reason)
	default:
		panic(p)
	}
}

// checkLines bounds what single lines can cost: nested containers while blocks
// are parsed, delimiters where a line is a heading.
func checkLines(source []byte) error {
	for line := range bytes.Lines(source) {
		if containers(line) > maxContainers {
			return fault.New(fault.Invalid, "the markdown cannot be rendered: a line is nested in more than %d quotes and lists", maxContainers)
		}
		if delimiters(line) > maxDelimiters {
			return fault.New(fault.Invalid, "the markdown cannot be rendered: a line holds more than %d brackets and emphasis marks", maxDelimiters)
		}
	}
	return nil
}

// containers counts the markers that a line starts with: ">", a bullet or a
// number with white space behind it.
func containers(line []byte) int {
	n, digits := 0, false
	for i, c := range line {
		spaced := i+1 == len(line) || bytes.IndexByte([]byte(" \t\r\n"), line[i+1]) >= 0
		switch {
		case c == '>', spaced && (c == '-' || c == '*' || c == '+'), spaced && digits && (c == '.' || c == ')'):
			n++
		case c >= '0' && c <= '9':
			digits = true
			continue
		case c != ' ' && c != '\t':
			return n
		}
		digits = false
	}
	return n
}

func delimiters(b []byte) int {
	n := 0
	for _, c := range b {
		switch c {
		case '*', '_', '[', ']', '~', '`', '<', '!':
			n++
		}
	}
	return n
}

// guard looks at every paragraph before its inlines are parsed and before it
// may become a table.
type guard struct{}

// Transform implements parser.ParagraphTransformer.
func (guard) Transform(node *ast.Paragraph, reader text.Reader, _ parser.Context) {
	lines := node.Lines()
	marks, columns := 0, 0
	for i := range lines.Len() {
		segment := lines.At(i)
		line := segment.Value(reader.Source())
		marks += delimiters(line)
		if isDelimiterRow(line) {
			columns = max(columns, bytes.Count(line, []byte{'|'})+1)
		}
	}
	if marks > maxDelimiters {
		panic(refusal{"a paragraph holds too many brackets and emphasis marks"})
	}
	if columns*lines.Len() > maxCells {
		panic(refusal{"a table has too many cells"})
	}
}

func isDelimiterRow(line []byte) bool {
	return bytes.ContainsRune(line, '-') && len(bytes.Trim(line, "|-: \t\r\n")) == 0
}
