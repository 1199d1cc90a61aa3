package extism

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/payload"
)

// plainJSON turns a payload of the wire into JSON; nothing into nothing.
// Fault: Invalid (it is no such message).
func plainJSON(t payload.Type, packed []byte) (json.RawMessage, error) {
	if t == nil || len(packed) == 0 {
		if len(packed) > 0 {
			return nil, fault.New(fault.Invalid, "%d bytes where no payload belongs", len(packed))
		}
		return nil, nil
	}
	m := t()
	rest, err := m.UnmarshalMsg(packed)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the payload is no %s: %w", nameOf(m), err)
	}
	if len(rest) > 0 {
		return nil, fault.New(fault.Invalid, "%d bytes after the payload", len(rest))
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fault.New(fault.Invalid, "writing a %s: %w", nameOf(m), err)
	}
	return text, nil
}

// textJSON is JSON in which bytes are {"text": …} where they are valid UTF-8,
// and {"base64": …} where they are not: for readers without base64.
func textJSON(t payload.Type, packed []byte) (json.RawMessage, error) {
	text, err := plainJSON(t, packed)
	if err != nil || text == nil {
		return nil, err
	}
	text, err = rewrite(text, reflect.TypeOf(t()), toText)
	if err != nil {
		return nil, fault.New(fault.Internal, "writing a payload: %w", err)
	}
	return text, nil
}

// packJSON turns JSON into a payload of the wire and appends it to b; nothing and
// null into an empty message. Bytes may be base64 or what textJSON writes.
// Unknown fields are ignored, as on the wire.
// Fault: Invalid (the message names the field).
func packJSON(t payload.Type, b []byte, text json.RawMessage) ([]byte, error) {
	if t == nil {
		if s := bytes.TrimSpace(text); len(s) > 0 && string(s) != "null" && string(s) != "{}" {
			return nil, fault.New(fault.Invalid, "it takes no payload")
		}
		return b, nil
	}
	m, err := fromJSON(t, text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the payload is no %s: %w", nameOf(t()), err)
	}
	packed, err := m.MarshalMsg(b)
	if err != nil {
		return nil, fault.New(fault.Invalid, "packing a %s: %w", nameOf(m), err)
	}
	return packed, nil
}

// fromJSON tries the contract's own JSON first: it needs no rewriting, and what
// logs and recordings have is nothing else.
func fromJSON(t payload.Type, text json.RawMessage) (payload.Message, error) {
	m := t()
	if len(text) == 0 || json.Unmarshal(text, m) == nil {
		return m, nil
	}
	m = t()
	spelled, err := rewrite(text, reflect.TypeOf(m), toBase64)
	if err == nil {
		err = json.Unmarshal(spelled, m)
	}
	return m, err //nolint:wrapcheck // packJSON says of what
}

func nameOf(m payload.Message) string { return reflect.TypeOf(m).Elem().Name() }

// respell walks a decoded value along a type and replaces what stands for bytes.
func respell(value any, typ reflect.Type, bytesOf func(any) any) any {
	switch typ.Kind() {
	case reflect.Pointer:
		return respell(value, typ.Elem(), bytesOf)
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return value
		}
		for i := range typ.NumField() {
			field := typ.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if v, ok := object[name]; ok {
				object[name] = respell(v, field.Type, bytesOf)
			}
		}
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Uint8 {
			return bytesOf(value)
		}
		if list, ok := value.([]any); ok {
			for i, v := range list {
				list[i] = respell(v, typ.Elem(), bytesOf)
			}
		}
	default:
	}
	return value
}

// rewrite respells a JSON text.
func rewrite(text json.RawMessage, typ reflect.Type, bytesOf func(any) any) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // 64 bits do not fit a float
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err //nolint:wrapcheck // the caller says of what
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return json.Marshal(respell(value, typ, bytesOf)) //nolint:wrapcheck // as above
}

// readableBytes is how textJSON writes bytes: as text where they are valid UTF-8, in
// base64 where they are not.
func readableBytes(b []byte) map[string]any {
	if utf8.Valid(b) {
		return map[string]any{"text": string(b)}
	}
	return map[string]any{"base64": base64.StdEncoding.EncodeToString(b)}
}

// toText turns the contract's base64 into Bytes.
func toText(value any) any {
	s, ok := value.(string)
	if !ok {
		return value
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return value
	}
	return readableBytes(b)
}

// toBase64 turns them back into the contract's base64; base64 stays what it is. An
// object without either is no bytes: many encoders leave empty text out.
func toBase64(value any) any {
	object, ok := value.(map[string]any)
	switch {
	case !ok || len(object) > 1:
		return value
	case len(object) == 0:
		return ""
	}
	if s, ok := object["base64"].(string); ok {
		return s
	}
	if s, ok := object["text"].(string); ok {
		return base64.StdEncoding.EncodeToString([]byte(s))
	}
	return value
}
