package rawjson

import "errors"

// ErrSyntax is returned for text that is not JSON where it was looked at.
var ErrSyntax = errors.New("not valid JSON")

// ErrDepth is returned for text that is nested deeper than what is read.
var ErrDepth = errors.New("nested deeper than 200 levels")

// maxDepth bounds nesting, so that hostile text cannot exhaust the stack.
const maxDepth = 200

// why tells text that is nested too deep from text that is broken.
func why(b []byte, err error) error {
	if !errors.Is(err, ErrSyntax) {
		return err
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			end, ok := skipString(b, i)
			if !ok {
				return err
			}
			i = end - 1
		case '{', '[':
			if depth++; depth > maxDepth {
				return ErrDepth
			}
		case '}', ']':
			depth--
		}
	}
	return err
}

// skipSpace returns the index of the next byte that is not white space.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index after the string that starts at i.
func skipString(b []byte, i int) (int, bool) {
	if i >= len(b) || b[i] != '"' {
		return i, false
	}
	for i = plain(b, i+1); i < len(b); i = plain(b, i) {
		switch c := b[i]; {
		case c == '"':
			return i + 1, true
		case c == '\\':
			i = min(i+2, len(b))
		case c < 0x20:
			return i, false
		default:
			for i < len(b) && b[i] >= 0x80 {
				i++
			}
		}
	}
	return i, false
}

// skipValue returns the index after the value that starts at i.
func skipValue(b []byte, i, depth int) (int, bool) {
	if i >= len(b) || depth > maxDepth {
		return i, false
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{':
		end, err := members(b, i, depth, func(_, _ []byte) bool { return true })
		return end, err == nil
	case c == '[':
		end, err := elements(b, i, depth, func([]byte) bool { return true })
		return end, err == nil
	case c == '-' || c >= '0' && c <= '9':
		for i < len(b) && isNumber(b[i]) {
			i++
		}
		return i, true
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word), true
		}
	}
	return i, false
}

func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// members walks the object at i. The key is passed with its quotes. When fn
// returns false the walk stops and the end index is of no use.
func members(b []byte, i, depth int, fn func(key, value []byte) bool) (int, error) {
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		keyEnd, ok := skipString(b, i)
		if !ok {
			return i, ErrSyntax
		}
		v := skipSpace(b, keyEnd)
		if v >= len(b) || b[v] != ':' {
			return v, ErrSyntax
		}
		v = skipSpace(b, v+1)
		end, ok := skipValue(b, v, depth+1)
		if !ok {
			return end, ErrSyntax
		}
		if !fn(b[i:keyEnd], b[v:end]) {
			return end, nil
		}
		next, more, err := comma(b, end, '}')
		if err != nil || !more {
			return next, err
		}
		i = next
	}
}

// elements walks the array at i, as members does.
func elements(b []byte, i, depth int, fn func(value []byte) bool) (int, error) {
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		end, ok := skipValue(b, i, depth+1)
		if !ok {
			return end, ErrSyntax
		}
		if !fn(b[i:end]) {
			return end, nil
		}
		next, more, err := comma(b, end, ']')
		if err != nil || !more {
			return next, err
		}
		i = next
	}
}

// comma steps over "," to the next item, or over the closing byte.
func comma(b []byte, i int, closing byte) (next int, more bool, err error) {
	i = skipSpace(b, i)
	switch {
	case i >= len(b):
		return i, false, ErrSyntax
	case b[i] == closing:
		return i + 1, false, nil
	case b[i] == ',':
		return skipSpace(b, i+1), true, nil
	}
	return i, false, ErrSyntax
}
