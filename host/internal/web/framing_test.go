package web

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// What passes here means the same to another parser.
func FuzzFields(f *testing.F) {
	for _, s := range []string{
		"Host: a\r\n\r\n", "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n", "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"Host: a\r\nX: b\nContent-Length: 1\r\n\r\n", "Host: a\r\nTransfer-Encoding : chunked\r\n\r\n", "Host: a\r\n folded\r\n\r\n", "Host : a\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		i := bytes.Index(raw, []byte("\r\n\r\n"))
		if i < 0 {
			return
		}
		raw = raw[:i+4]
		fields, err := readFields(raw)
		if err != nil || fields.check("HTTP/1.1") != nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST / HTTP/1.1\r\n" + string(raw))))
		if err != nil {
			return // the standard library is stricter still
		}
		if (len(r.TransferEncoding) > 0) != fields.chunked || len(r.Header["Content-Length"]) > 1 {
			t.Errorf("%q: %+v here, %v there", raw, fields, r.TransferEncoding)
		}
	})
}
