package loadtest

import (
	"bufio"
	"strings"
	"testing"
	"time"
)

func TestReadAnswer(t *testing.T) {
	for _, c := range []struct {
		name, wire string
		status     int
		fails      bool
	}{
		{"with a length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200, false},
		{"without a body", "HTTP/1.1 304 Not Modified\r\n\r\n", 304, false},
		{"in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nyou\r\n0\r\n\r\n", 200, false},
		{"cut off", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 200, true},
		{"of a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 200, true},
		{"in chunks without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", 200, true},
		{"of another protocol", "SSH-2.0-OpenSSH\r\n\r\n", 0, true},
		{"nothing", "", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(c.wire))
			status, size, err := readAnswer(r)
			if status != c.status || (err != nil) != c.fails {
				t.Fatalf("status %d, error %v", status, err)
			}
			if !c.fails && (size != int64(len(c.wire)) || r.Buffered() != 0) {
				t.Errorf("%d bytes read of %d, %d left", size, len(c.wire), r.Buffered())
			}
		})
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, wire string) {
		_, size, err := readAnswer(bufio.NewReader(strings.NewReader(wire)))
		if size < 0 || (err == nil && size > int64(len(wire))) {
			t.Errorf("%d bytes read of %d", size, len(wire))
		}
	})
}

func TestReadWrk(t *testing.T) {
	out := "Running 1s test\n  2 requests in 1.00s\ncallboard-bench {\"requests\":2,\"errors\":1,\"bytes\":99,\"duration\":1000001,\"p50\":120,\"p99\":4000}\n"
	got, err := readWrk([]byte(out))
	want := Result{Requests: 2, Errors: 1, Bytes: 99, Duration: 1000001 * time.Microsecond, P50: 120 * time.Microsecond, P99: 4 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := readWrk([]byte("unable to connect\n")); err == nil {
		t.Error("no error without a summary")
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i)
	}
	for _, c := range []struct {
		name   string
		sorted []time.Duration
		q      float64
		want   time.Duration
	}{
		{"of nothing", nil, 0.5, 0},
		{"of one", []time.Duration{7}, 0.99, 7},
		{"the middle", hundred, 0.5, 50},
		{"near the end", hundred, 0.99, 99},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := quantile(c.sorted, c.q); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}
