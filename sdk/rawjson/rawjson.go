package rawjson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Get returns the text of the value at a path of object keys, without white
// space around it. ok is false when it is absent or the text is broken.
func Get(doc []byte, path ...string) (value []byte, ok bool) {
	i := skipSpace(doc, 0)
	end, ok := skipValue(doc, i, 0)
	if !ok {
		return nil, false
	}
	value = doc[i:end]
	for _, key := range path {
		if value, ok = member(value, key); !ok {
			return nil, false
		}
	}
	return value, true
}

// member returns the value of a key; of a key that is there twice, the first.
func member(object []byte, key string) (value []byte, ok bool) {
	if len(object) == 0 || object[0] != '{' {
		return nil, false
	}
	_, err := members(object, 0, 0, func(k, v []byte) bool {
		if keyIs(k, key) {
			value, ok = v, true
			return false
		}
		return true
	})
	return value, ok && err == nil
}

// GetString returns the string at a path, "" when there is none.
func GetString(doc []byte, path ...string) string {
	raw, ok := Get(doc, path...)
	if !ok {
		return ""
	}
	s, _ := Unquote(raw)
	return s
}

// Each walks the array that doc is. The error is ErrSyntax for anything else,
// ErrDepth for what is nested too deep.
func Each(doc []byte, fn func(value []byte)) error {
	i := skipSpace(doc, 0)
	if i >= len(doc) || doc[i] != '[' {
		return ErrSyntax
	}
	end, err := elements(doc, i, 0, func(v []byte) bool { fn(v); return true })
	if err == nil && skipSpace(doc, end) != len(doc) {
		return ErrSyntax
	}
	return why(doc, err)
}

// EachMember walks the object that doc is, in the order written. Errors are
// those of Each.
func EachMember(doc []byte, fn func(key string, value []byte)) error {
	i := skipSpace(doc, 0)
	if i >= len(doc) || doc[i] != '{' {
		return ErrSyntax
	}
	end, err := members(doc, i, 0, func(k, v []byte) bool {
		key, _ := Unquote(k)
		fn(key, v)
		return true
	})
	if err == nil && skipSpace(doc, end) != len(doc) {
		return ErrSyntax
	}
	return why(doc, err)
}

// Set returns a new document in which the value at path is value, which must
// be JSON. Objects on the way are made where they are absent.
func Set(doc, value []byte, path ...string) ([]byte, error) {
	i := skipSpace(doc, 0)
	end, ok := skipValue(doc, i, 0)
	if !ok {
		return nil, ErrSyntax
	}
	out := make([]byte, 0, len(doc)+len(value)+64)
	return set(out, doc[i:end], value, path)
}

func set(out, doc, value []byte, path []string) ([]byte, error) {
	if len(path) == 0 {
		return append(out, value...), nil
	}
	if len(doc) == 0 || doc[0] != '{' {
		return nil, ErrSyntax
	}
	if old, ok := member(doc, path[0]); ok {
		at := cap(doc) - cap(old) // old is a slice of doc
		out = append(out, doc[:at]...)
		out, err := set(out, old, value, path[1:])
		return append(out, doc[at+len(old):]...), err
	}
	closing := len(doc) - 1
	out = append(out, doc[:closing]...)
	if skipSpace(doc, 1) != closing {
		out = append(out, ',')
	}
	for _, key := range path[:len(path)-1] {
		out = append(AppendQuote(out, key), ':', '{')
	}
	out = append(AppendQuote(out, path[len(path)-1]), ':')
	out = append(out, value...)
	for range path {
		out = append(out, '}')
	}
	return out, nil
}

// keyIs compares a quoted key with a name; the plain case allocates nothing.
func keyIs(quoted []byte, name string) bool {
	inner := quoted[1 : len(quoted)-1]
	if plain(inner, 0) == len(inner) {
		return string(inner) == name
	}
	s, ok := Unquote(quoted)
	return ok && s == name
}

// Unquote decodes a JSON string. ok is false when raw is not one.
func Unquote(raw []byte) (s string, ok bool) {
	if end, good := skipString(raw, 0); !good || end != len(raw) {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	if plain(inner, 0) == len(inner) || bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); {
		if inner[i] != '\\' {
			r, n := utf8.DecodeRune(inner[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		i++
		if j := indexByte(`"\/bfnrt`, inner[i]); j >= 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[j])
			i++
			continue
		}
		r, n := unicodeEscape(inner[i:])
		if n == 0 {
			return "", false
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out), true
}

// unicodeEscape reads uXXXX, and a second one behind it for a surrogate pair.
func unicodeEscape(b []byte) (r rune, n int) {
	if len(b) < 5 || b[0] != 'u' {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(b[1:5]), 16, 16)
	if err != nil {
		return 0, 0
	}
	r = rune(v)
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if len(b) >= 11 && b[5] == '\\' && b[6] == 'u' {
		if low, err := strconv.ParseUint(string(b[7:11]), 16, 16); err == nil {
			if pair := utf16.DecodeRune(r, rune(low)); pair != utf8.RuneError {
				return pair, 11
			}
		}
	}
	return utf8.RuneError, 5
}

func indexByte(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}

const hex = "0123456789abcdef"

// AppendQuote appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func AppendQuote(b []byte, s string) []byte {
	b = append(b, '"')
	text := unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // only read
	for i := 0; i < len(s); {
		end := plain(text, i)
		b = append(b, s[i:end]...)
		if i = end; i == len(s) {
			break
		}
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
		}
	}
	return append(b, '"')
}
