package sdk

import (
	"unsafe"

	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// decodeRequest reads a contract.HTTPRequest without copying its strings: they
// point into b, which the guest never writes again. It is the hot path's
// answer to the generated decoder, which copies each string, and is held to it
// by a test.
func decodeRequest(b []byte, r *Request) error {
	r.params, r.headers = r.paramRoom[:0], r.headerRoom[:0]
	n, b, err := msgp.ReadMapHeaderBytes(b)
	for ; n > 0 && err == nil; n-- {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return err
		}
		switch string(key) {
		case "m":
			r.Method, b, err = readString(b)
		case "r":
			r.Route, b, err = readString(b)
		case "p":
			r.Path, b, err = readString(b)
		case "q":
			r.RawQuery, b, err = readString(b)
		case "a":
			r.params, b, err = readPairs(b, r.params)
		case "h":
			r.headers, b, err = readPairs(b, r.headers)
		case "b":
			r.body, b, err = msgp.ReadBytesZC(b)
		default:
			b, err = msgp.Skip(b)
		}
	}
	return err
}

// readPairs appends a list of {n: name, v: value} to pairs.
func readPairs(b []byte, pairs []contract.Header) ([]contract.Header, []byte, error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	for ; n > 0 && err == nil; n-- {
		if name, value, rest, ok := readShortPair(b); ok {
			pairs, b = append(pairs, contract.Header{Name: name, Value: value}), rest
			continue
		}
		var pair contract.Header
		if pair, b, err = readPair(b); err == nil {
			pairs = append(pairs, pair)
		}
	}
	return pairs, b, err
}

// readShortPair reads a pair as the host writes it, with texts below 256
// bytes. It calls nothing: in Wasm a call costs more than the work.
func readShortPair(b []byte) (name, value string, rest []byte, ok bool) {
	if len(b) < 7 || b[0] != 0x82 || b[1] != 0xa1 || b[2] != 'n' {
		return "", "", nil, false
	}
	start, end := shortText(b, 3)
	if end < 0 || end+3 > len(b) || b[end] != 0xa1 || b[end+1] != 'v' {
		return "", "", nil, false
	}
	valueStart, valueEnd := shortText(b, end+2)
	if valueEnd < 0 {
		return "", "", nil, false
	}
	return view(b[start:end]), view(b[valueStart:valueEnd]), b[valueEnd:], true
}

// shortText finds the text that starts at i < len(b); end is -1 when it is
// not a fixstr or str8 that b holds whole.
func shortText(b []byte, i int) (start, end int) {
	c := b[i]
	switch {
	case c>>5 == 5: // fixstr
		start, end = i+1, i+1+int(c&31)
	case c == 0xd9 && i+1 < len(b): // str8
		start, end = i+2, i+2+int(b[i+1])
	default:
		return 0, -1
	}
	if end > len(b) {
		return 0, -1
	}
	return start, end
}

// readPair reads a pair in any form.
func readPair(b []byte) (pair contract.Header, rest []byte, err error) {
	fields, b, err := msgp.ReadMapHeaderBytes(b)
	for ; fields > 0 && err == nil; fields-- {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return pair, b, err
		}
		switch string(key) {
		case "n":
			pair.Name, b, err = readString(b)
		case "v":
			pair.Value, b, err = readString(b)
		default:
			b, err = msgp.Skip(b)
		}
	}
	return pair, b, err
}

func readString(b []byte) (string, []byte, error) {
	v, rest, err := msgp.ReadStringZC(b)
	return view(v), rest, err
}

// view is b as a string, without a copy.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the payload outlives the request
}
