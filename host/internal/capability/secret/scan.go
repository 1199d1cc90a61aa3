package secret

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
)

// Scanner looks for secrets in answers. It finds a value as it is; in base64
// of both alphabets, also in the middle of something longer; in hexadecimal;
// and all of these percent-encoded, escaped as in JSON or as in HTML. It is
// against mistakes and echoes: a server that is in league with a plugin can
// turn a value into anything. The zero value looks for nothing.
type Scanner struct {
	values   []string // added already
	patterns []pattern
	longest  int // of the patterns
}

type pattern struct{ name, text string }

// Add makes the scanner look for secrets, except for those that the plugin may
// have anyway.
func (s *Scanner) Add(used []Used) {
	for _, u := range used {
		if u.Revealed || slices.Contains(s.values, u.Value) {
			continue
		}
		s.values = append(s.values, u.Value)
		lower := hex.EncodeToString([]byte(u.Value))
		s.add(u.Name, u.Value, lower, strings.ToUpper(lower))
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s.add(u.Name, inBase64(encoding, u.Value)...)
		}
	}
}

func (s *Scanner) add(name string, texts ...string) {
	for _, text := range texts {
		if !slices.ContainsFunc(s.patterns, func(p pattern) bool { return p.text == text }) {
			s.patterns = append(s.patterns, pattern{name, text})
			s.longest = max(s.longest, len(text))
		}
	}
}

// inBase64 returns the texts of which one is in the encoding of whatever holds
// the value, by where the value starts in a group of three bytes. Characters
// that depend on what is around the value are left out.
func inBase64(encoding *base64.Encoding, value string) []string {
	out := make([]string, 3)
	for before := range out {
		text := encoding.EncodeToString([]byte(strings.Repeat("\x00", before) + value))
		out[before] = text[(before*8+5)/6 : (before+len(value))*8/6]
	}
	return out
}

// Find returns the name of a secret that a text holds.
func (s *Scanner) Find(text string) (name string, found bool) {
	if len(s.patterns) == 0 {
		return "", false
	}
	if name, found = s.plain(text); found {
		return name, true
	}
	for _, decoder := range []struct {
		mark   string
		decode func(string) string
	}{{"%", percent}, {`\`, unescapeJSON}, {"&", html.UnescapeString}} {
		if strings.Contains(text, decoder.mark) {
			if name, found = s.plain(decoder.decode(text)); found {
				return name, true
			}
		}
	}
	return "", false
}

func (s *Scanner) plain(text string) (string, bool) {
	for _, p := range s.patterns {
		if strings.Contains(text, p.text) {
			return p.name, true
		}
	}
	return "", false
}

// widest is the most that one character takes in an encoding that Find undoes:
// &#x00041; and the like.
const widest = 10

// Reader returns from with a refusal where it holds a secret. What was read
// before is not taken back, so that a reader's caller drops all of it. host is
// for the message.
func (s *Scanner) Reader(from io.Reader, host string) io.Reader {
	if len(s.patterns) == 0 {
		return from
	}
	return &scanned{scanner: s, from: from, host: host}
}

type scanned struct {
	scanner *Scanner
	from    io.Reader
	host    string
	tail    []byte // end of what was read, in which a secret may have begun
}

// Read implements io.Reader. It fills p before it looks, so that a server that
// sends a byte at a time does not make a search of each.
func (r *scanned) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = r.from.Read(p[n:])
		n += more
	}
	if n > 0 {
		window := append(r.tail, p[:n]...) //nolint:gocritic // the tail is cut from it again
		if name, found := r.scanner.Find(string(window)); found {
			return 0, Repeated(name, r.host)
		}
		if keep := r.scanner.longest * widest; len(window) > keep {
			window = append(window[:0], window[len(window)-keep:]...)
		}
		r.tail = window
	}
	return n, err //nolint:wrapcheck // the body says what and why
}

// Repeated is the refusal of an answer that holds a secret.
func Repeated(name, host string) error {
	return &capability.Denial{
		Missing: "secret: reveal " + name,
		Why: fmt.Sprintf("the answer of %s repeats the secret %q, and the plugin may not have its value; ask the host for something else, "+
			"or declare and grant reveal: true for it", host, name),
	}
}

// percent undoes percent-encoding and leaves what is none as it is.
func percent(text string) string {
	if out, err := url.PathUnescape(text); err == nil {
		return out
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		if len(after) >= 2 {
			if b, err := strconv.ParseUint(after[:2], 16, 8); err == nil {
				out.WriteByte(byte(b))
				text = after[2:]
				continue
			}
		}
		out.WriteByte('%')
		text = after
	}
}

// unescapeJSON undoes the escapes of JSON and JavaScript strings that stand
// for ASCII, which is all that a secret holds.
func unescapeJSON(text string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, `\`)
		out.WriteString(before)
		if !found || after == "" {
			return out.String()
		}
		digits := map[byte]int{'u': 4, 'x': 2}[after[0]]
		if digits > 0 && len(after) > digits {
			if n, err := strconv.ParseUint(after[1:1+digits], 16, 32); err == nil && n < 0x80 {
				out.WriteByte(byte(n))
				text = after[1+digits:]
				continue
			}
		}
		out.WriteByte(after[0]) // \" \\ \/ stand for themselves; others are no part of a secret
		text = after[1:]
	}
}
