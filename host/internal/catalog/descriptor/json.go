package descriptor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the value as compact JSON.
func (v *Value) AppendJSON(b []byte) []byte {
	switch v.Type {
	case Bool, Number:
		return append(b, v.Text...)
	case String:
		return AppendString(b, v.Text)
	case Array:
		b = append(b, '[')
		for i := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = v.Items[i].AppendJSON(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for i := range v.Members {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, v.Members[i].Key)
			b = append(b, ':')
			b = v.Members[i].Value.AppendJSON(b)
		}
		return append(b, '}')
	default:
		return append(b, "null"...)
	}
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string as JSON.stringify writes it:
// nothing is escaped for HTML's sake.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// Any returns the value as encoding/json would decode it, with numbers as
// json.Number; for validators that ask for it.
func (v *Value) Any() any {
	switch v.Type {
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		out := make([]any, len(v.Items))
		for i := range v.Items {
			out[i] = v.Items[i].Any()
		}
		return out
	case Object:
		out := make(map[string]any, len(v.Members))
		for i := range v.Members {
			out[v.Members[i].Key] = v.Members[i].Value.Any()
		}
		return out
	default:
		return nil
	}
}

// ParseJSON reads one JSON text. A key that repeats takes its last value, as
// JSON.parse has it. Nesting beyond depth is an error.
func ParseJSON(data []byte, depth int) (Value, error) {
	return parseJSON(data, depth, &budget{values: math.MaxInt})
}

// jsonReader reads what is left of the budget.
type jsonReader struct {
	*json.Decoder
	left *budget
}

func parseJSON(data []byte, depth int, left *budget) (Value, error) {
	dec := &jsonReader{json.NewDecoder(bytes.NewReader(data)), left}
	dec.UseNumber()
	v, err := readJSON(dec, depth)
	if err != nil {
		return Value{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Value{}, errors.New("there is more after the end of the JSON value")
	}
	return v, nil
}

func readJSON(dec *jsonReader, depth int) (Value, error) {
	if !dec.left.value() {
		return Value{}, errors.New("there are more values than one document may have")
	}
	token, err := dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Value{}, fmt.Errorf("reading JSON: %w", err)
	}
	switch token := token.(type) {
	case json.Delim:
		if depth <= 0 {
			return Value{}, errTooDeep
		}
		if token == '[' {
			return readArray(dec, depth)
		}
		return readObject(dec, depth)
	case string:
		return Value{Type: String, Text: token}, nil
	case json.Number:
		return number(string(token)), nil
	case bool:
		return Value{Type: Bool, Text: strconv.FormatBool(token)}, nil
	default:
		return Value{}, nil
	}
}

func readArray(dec *jsonReader, depth int) (Value, error) {
	v := Value{Type: Array}
	for dec.More() {
		item, err := readJSON(dec, depth-1)
		if err != nil {
			return Value{}, err
		}
		v.Items = append(v.Items, item)
	}
	_, err := dec.Token()
	return v, err
}

func readObject(dec *jsonReader, depth int) (Value, error) {
	v := Value{Type: Object}
	keys := newKeyset(0)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return Value{}, fmt.Errorf("reading JSON: %w", err)
		}
		value, err := readJSON(dec, depth-1)
		if err != nil {
			return Value{}, err
		}
		name, _ := key.(string)
		at, same := keys.find(v.Members, name)
		if same {
			v.Members[at].Value = value
			continue
		}
		if at >= 0 {
			return Value{}, fmt.Errorf("keys %q and %q vary only in casing", name, v.Members[at].Key)
		}
		v.Members = append(v.Members, Member{Key: name, Value: value})
		keys.added(v.Members)
	}
	_, err := dec.Token()
	return v, err
}

// number makes a value of a decimal literal, written as a JavaScript engine
// would write it after reading it.
func number(literal string) Value {
	if len(literal) <= 15 && plainInteger(literal) {
		return Value{Type: Number, Text: literal}
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Value{Type: String, Text: literal}
	}
	return float(f)
}

// plainInteger reports whether the literal is an integer in its shortest form.
func plainInteger(s string) bool {
	if s != "" && s[0] == '-' {
		s = s[1:]
		if s == "0" {
			return false
		}
	}
	if s == "" || s[0] == '0' && len(s) > 1 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func float(f float64) Value {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Value{} // JSON has no word for it
	}
	if f == 0 {
		return Value{Type: Number, Text: "0"} // not "-0"
	}
	format := byte('f')
	if a := math.Abs(f); a < 1e-6 || a >= 1e21 {
		format = 'e'
	}
	text := strconv.FormatFloat(f, format, -1, 64)
	if n := len(text); format == 'e' && n >= 4 && text[n-4] == 'e' && text[n-3] == '-' && text[n-2] == '0' {
		text = text[:n-2] + text[n-1:]
	}
	return Value{Type: Number, Text: text}
}
