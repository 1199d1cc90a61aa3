package record

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/replay"
)

// Values shorter than this are overwritten where they stand and not looked for
// elsewhere: "1" as a secret would blank half of the file.
const minSecret = 6

// redact overwrites secrets in a recording, with as many bytes as they have,
// so that every encoding stays what it is. Cookies and Authorization never
// enter a guest; these are what is left: values that the plugin was bound to,
// answers of the capability secret, and header fields and query parameters
// that have the name of a credential.
func (r *Recorder) redact(id plugin.ID, rec *replay.Recording) {
	m := &mask{}
	if r.config.Redactor != nil {
		for _, s := range r.config.Redactor.Secrets(id) {
			m.secret(string(s))
		}
	}
	for i := range rec.Events {
		if e := &rec.Events[i]; e.Kind == replay.KindCall && e.Capability == abi.CapSecret {
			m.answers(e.Answer)
		}
	}
	m.request(rec)
	m.everywhere(rec)
	rec.Redacted = m.count
}

// mask overwrites. Its needles are secrets in the encodings in which a guest
// or a library may have put them.
type mask struct {
	needles [][]byte
	seen    map[string]bool
	count   int
}

func (m *mask) secret(s string) {
	if len(s) < minSecret || m.seen[s] {
		return
	}
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	m.seen[s] = true
	forms := []string{s, url.QueryEscape(s), url.PathEscape(s), hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s)))}
	if quoted, err := json.Marshal(s); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 { // by what stands before it in the same text
			text := encoding.EncodeToString(append(make([]byte, shift), s...))
			text = text[:(shift+len(s))*8/6]
			forms = append(forms, text[(shift*8+5)/6:])
		}
	}
	for _, f := range forms {
		if len(f) >= minSecret {
			m.needles = append(m.needles, []byte(f))
		}
	}
}

// answers takes what the capability secret answered: all text in it.
func (m *mask) answers(answer []byte) {
	header, payload, err := abi.ParseReplyHeader(answer)
	if err != nil || header.Code != abi.CodeOK {
		return
	}
	v, _, err := msgp.ReadIntfBytes(payload)
	if err == nil {
		m.texts(v)
	}
}

func (m *mask) texts(v any) {
	switch v := v.(type) {
	case string:
		m.secret(v)
	case []byte:
		m.secret(string(v))
	case []any:
		for _, one := range v {
			m.texts(one)
		}
	case map[string]any:
		for _, one := range v {
			m.texts(one)
		}
	}
}

// credentials are parts of names whose value is nobody's business.
var credentials = []string{
	"authoriz", "x-auth", "token", "secret", "apikey", "api-key", "api_key", "passw", "credential", "signature",
	"session", "cookie", "access-key", "access_key", "private",
}

func isCredential(name string) bool {
	name = strings.ToLower(name)
	for _, part := range credentials {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// request overwrites the credentials among a request's header fields and
// query parameters, and looks for them elsewhere.
func (m *mask) request(rec *replay.Recording) {
	header, payload, err := abi.ParseCallHeader(rec.Input)
	if err != nil || header.Op != abi.OpHTTPHandle || header.Codec != abi.CodecMsgpack {
		return
	}
	var q contract.HTTPRequest
	if rest, err := q.UnmarshalMsg(payload); err != nil || len(rest) > 0 {
		return
	}
	before := m.count
	for i, f := range q.Headers {
		if isCredential(f.Name) && f.Value != "" {
			m.secret(f.Value)
			if _, value, found := strings.Cut(f.Value, " "); found { // "Bearer …"
				m.secret(value)
			}
			q.Headers[i].Value = stars(f.Value)
			m.count++
		}
	}
	pairs := strings.Split(q.RawQuery, "&")
	for i, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); found && value != "" && (err != nil || isCredential(plain)) {
			if plain, err := url.QueryUnescape(value); err == nil {
				m.secret(plain)
			}
			m.secret(value)
			pairs[i] = name + "=" + stars(value)
			m.count++
		}
	}
	if m.count == before {
		return
	}
	q.RawQuery = strings.Join(pairs, "&")
	if again, err := q.MarshalMsg(nil); err == nil && len(again) == len(payload) {
		copy(payload, again) // payload lies in rec.Input
	}
}

func stars(s string) string { return strings.Repeat("*", len(s)) }

// everywhere looks for the needles in all that a file will hold.
func (m *mask) everywhere(rec *replay.Recording) {
	if len(m.needles) == 0 {
		return
	}
	if len(rec.Input) > abi.CallHeaderSize {
		m.bytes(rec.Input[abi.CallHeaderSize:])
	}
	for i := range rec.Events {
		e := &rec.Events[i]
		m.bytes(e.Request)
		m.bytes(e.Answer)
		m.bytes(e.Bytes)
		e.MediaType = m.text(e.MediaType)
	}
	o := &rec.Outcome
	m.bytes(o.Reply)
	o.Cause, o.Message, o.Stack, o.Stderr = m.text(o.Cause), m.text(o.Message), m.text(o.Stack), m.text(o.Stderr)
	rec.Route, rec.RequestID = m.text(rec.Route), m.text(rec.RequestID)
}

func (m *mask) bytes(b []byte) {
	for _, needle := range m.needles {
		for from := 0; ; {
			at := bytes.Index(b[from:], needle)
			if at < 0 {
				break
			}
			from += at
			for n := range needle {
				b[from+n] = '*'
			}
			from += len(needle)
			m.count++
		}
	}
}

func (m *mask) text(s string) string {
	b := []byte(s)
	m.bytes(b)
	return string(b)
}
