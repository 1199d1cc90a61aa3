package descriptor

import (
	"math"
	"strconv"
	"strings"
)

// plain resolves an unquoted scalar by the core schema of YAML 1.2: yes, on
// and 2020-01-01 are strings, 0o17 is fifteen and 017 is seventeen.
func plain(s string) Value {
	if s == "" {
		return Value{}
	}
	switch c := s[0]; {
	case c == '~' || c == 'n' || c == 'N':
		if s == "~" || s == "null" || s == "Null" || s == "NULL" {
			return Value{}
		}
	case c == 't' || c == 'T':
		if s == "true" || s == "True" || s == "TRUE" {
			return Value{Type: Bool, Text: "true"}
		}
	case c == 'f' || c == 'F':
		if s == "false" || s == "False" || s == "FALSE" {
			return Value{Type: Bool, Text: "false"}
		}
	case '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.':
		if v, ok := plainNumber(s); ok {
			return v
		}
	}
	return Value{Type: String, Text: s}
}

func plainNumber(s string) (Value, bool) {
	if digits, ok := strings.CutPrefix(s, "0o"); ok {
		return based(digits, 8)
	}
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		return based(digits, 16)
	}
	unsigned := strings.TrimLeft(s[:1], "+-") + s[1:]
	switch unsigned {
	case ".inf", ".Inf", ".INF":
		return Value{}, true
	case ".nan", ".NaN", ".NAN":
		return Value{}, s == unsigned
	}
	if !decimal(unsigned) {
		return Value{}, false
	}
	return number(strings.TrimPrefix(s, "+")), true
}

// based reads digits of a base; it goes through float64 as JavaScript does.
func based(digits string, base int) (Value, bool) {
	if digits == "" {
		return Value{}, false
	}
	var f float64
	for i := 0; i < len(digits); i++ {
		d, err := strconv.ParseUint(digits[i:i+1], base, 8)
		if err != nil {
			return Value{}, false
		}
		f = f*float64(base) + float64(d)
	}
	if math.IsInf(f, 0) {
		return Value{}, true
	}
	return float(f), true
}

// decimal reports whether s is digits, digits with a dot anywhere, or either
// with an exponent; at least one digit outside the exponent.
func decimal(s string) bool {
	mantissa, exponent, hasExponent := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent, hasExponent = s[:i], s[i+1:], true
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return false
	}
	if !hasExponent {
		return true
	}
	if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	return exponent != "" && allDigits(exponent)
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// tagged resolves a scalar with an explicit tag. A tag that the core schema
// does not know is ignored: the scalar is a string.
func tagged(tag, s string) Value {
	v := plain(s)
	switch {
	case tag == "!!null" && v.Type == Null,
		tag == "!!bool" && v.Type == Bool,
		tag == "!!int" && v.Type == Number && !strings.ContainsAny(s, ".eE"),
		tag == "!!float" && v.Type == Number:
		return v
	}
	return Value{Type: String, Text: s}
}
