package descriptor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"
)

// Chunk is the source text of one document.
type Chunk struct {
	Line int // the first line of Text in its file
	Text []byte
}

// Digest returns the sha256 of the text, hex.
func (c Chunk) Digest() string {
	sum := sha256.Sum256(c.Text)
	return hex.EncodeToString(sum[:])
}

// Split cuts a file at its document markers without parsing it: no marker can
// stand at the start of a line inside a document, whatever surrounds it. So
// documents are parsed in parallel, and one that did not change is not parsed
// at all. Chunks that hold only white space and comments are left out.
func Split(file string, data []byte, lim Limits) ([]Chunk, error) {
	if int64(len(data)) > lim.FileBytes {
		return nil, Problem{File: file, Reason: fmt.Sprintf("the file has %d bytes; at most %d are read", len(data), lim.FileBytes)}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, Problem{File: file, Line: 1 + bytes.Count(data[:i], []byte{'\n'}), Reason: "there is a NUL byte; a descriptor is UTF-8 text"}
	}
	data = normalise(data)

	var chunks []Chunk
	current := Chunk{Line: 1}
	// A chunk begins with the directives before its marker; it is empty until
	// something is said, and a second marker then begins another.
	start, line, empty, marked := 0, 1, true, false
	flush := func(end int) {
		if current.Text = data[start:end]; !empty {
			chunks = append(chunks, current)
		}
		start, empty, marked = end, true, false
	}
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		switch text := data[at:end]; {
		case marker(text, "---"):
			if !empty || marked {
				flush(at)
				current.Line = line
			}
			marked = true
			if rest := bytes.TrimSpace(text[3:]); len(rest) > 0 && rest[0] != '#' {
				empty = false
			}
		case marker(text, "..."):
			flush(end)
			current.Line = line + 1
		case empty && !blank(text):
			empty = false
		}
		at = end
	}
	flush(len(data))
	if len(chunks) > lim.Documents {
		return nil, Problem{File: file, Line: chunks[lim.Documents].Line, Reason: fmt.Sprintf("the file has %d documents; at most %d are read", len(chunks), lim.Documents)}
	}
	return chunks, nil
}

// normalise drops a byte order mark, writes bytes that are no UTF-8 as U+FFFD
// and makes lone carriage returns line feeds, so that lines are lines.
func normalise(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if n := len(data); n > 0 && data[n-1] != '\n' {
		// A block scalar on the last line ends with a line feed either way.
		data = append(data[:n:n], '\n')
	}
	if !utf8.Valid(data) {
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	for i := 0; i < len(data); i++ {
		j := bytes.IndexByte(data[i:], '\r')
		if j < 0 {
			break
		}
		if i += j; i+1 == len(data) || data[i+1] != '\n' {
			data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
			return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
		}
	}
	return data
}

func marker(line []byte, m string) bool {
	return len(line) >= 3 && string(line[:3]) == m && (len(line) == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\n' || line[3] == '\r')
}

// blank reports whether a line before the document's content says nothing.
func blank(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) == 0 || line[0] == '#' || line[0] == '%'
}
