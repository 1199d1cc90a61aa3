package descriptor

import (
	"bytes"
	"regexp"
)

// The YAML library makes a node of some 300 bytes for every value before
// anybody can look at the first: 16 MiB of "a," would be 2.5 GB. So a document
// is weighed before it is parsed.

// blockHeader is a line that ends by opening a block scalar and cannot mean
// anything else: indentation, dashes, a simple key, the indicator. An explicit
// indentation is left out, for it may end the scalar early.
var blockHeader = regexp.MustCompile(`^( *(?:- +)*)(?:[A-Za-z0-9_./$-]+:[ ]+)?[|>][+-]?[ \t]*\r?\n?$`)

// plainLine is a line that opens neither a quote nor a flow collection: blank,
// a comment, or a simple key with a value that begins like a word or is quoted
// or listed completely.
var plainLine = regexp.MustCompile(`^(?:---)? *(?:- +)*(?:-|(?:[A-Za-z0-9_./$-]+:(?: +|\r?\n?$))?(?:[A-Za-z0-9_./$(<][^:#]*(?::[^ \t\r\n:#][^:#]*)*|"[^"\\]*"|'[^']*'|\[[^\[\]{}"'#]*\]|\{[^\[\]{}"'#]*\})?)[ \t]*(?:#.*)?\r?\n?$`)

// weight counts the characters that may begin a value. Three times as many
// values, at most, can come of a text. What block scalars hold is text, and not
// counted as long as it is certain where they begin.
func weight(text []byte) int {
	total, sure, inside := 0, true, -1
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line = text[:i+1]
		}
		text = text[len(line):]
		if inside >= 0 {
			indent := len(line) - len(bytes.TrimLeft(line, " "))
			if indent > inside || len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			inside = -1
		}
		total += separators(line)
		if !sure {
			continue
		}
		if m := blockHeader.FindSubmatchIndex(line); m != nil {
			// Deeper than the column of the key, or of the dash without one.
			inside = m[3] - m[2]
			if at := bytes.LastIndexByte(line[m[2]:m[3]], '-'); at >= 0 && !bytes.ContainsRune(line[m[3]:], ':') {
				inside = at
			}
			continue
		}
		sure = plainLine.Match(line)
	}
	return total
}

func separators(line []byte) int {
	n := 0
	for i, c := range line {
		switch c {
		case ',', ':', '[', '{':
			n++
		case '-', '?':
			if i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\t' || line[i+1] == '\r' || line[i+1] == '\n' {
				n++
			}
		}
	}
	return n
}
