package descriptor

import (
	"errors"
	"fmt"
	"strings"
)

var errTooDeep = errors.New("it is nested too deeply")

// Problem is a reason to refuse a document, with the place of it.
type Problem struct {
	File   string // as messages show it: a path or a URL
	Line   int    // 0 = the file as a whole
	Path   string // dotted path inside the entity; may be empty
	Reason string // half a sentence, lower case
}

// Error formats the problem as file:line: path: reason.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Reason)
	return b.String()
}

// maxReasons keeps the message of a document that is wrong everywhere readable.
const maxReasons = 10

// Problems is what is wrong with one document.
type Problems []Problem

// Error joins the problems, the first ten of them.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteString("; ")
		}
		if i == maxReasons {
			fmt.Fprintf(&b, "and %d more", len(ps)-i)
			break
		}
		if i > 0 && p.File == ps[0].File {
			// The file is said once.
			p.File = "line"
			if p.Line == 0 {
				p.File = ""
			}
			b.WriteString(strings.Replace(p.Error(), "line:", "line ", 1))
			continue
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

// Limits bound what a descriptor may cost.
type Limits struct {
	FileBytes int64 // of one file
	Documents int   // in one file
	Depth     int   // of nesting in one document, the root being 1
	Values    int   // in one document, aliases expanded; a value costs some 300 bytes while it is parsed
}

// DefaultLimits are generous for people and small for machines.
func DefaultLimits() Limits {
	return Limits{FileBytes: 16 << 20, Documents: 10_000, Depth: 64, Values: 250_000}
}
