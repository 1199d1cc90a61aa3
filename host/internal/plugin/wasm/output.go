package wasm

import (
	"bytes"
	"fmt"

	"github.com/callboard/callboard/sdk/abi"
)

// stderrTail is how much of a guest's stdout and stderr is kept for reports.
const stderrTail = 4 << 10

// ring keeps the last size bytes that were written to it.
type ring struct {
	size int
	buf  []byte
	next int // where the oldest byte is, once full
}

func (r *ring) write(p []byte) {
	p = p[max(0, len(p)-r.size):]
	if room := r.size - len(r.buf); room > 0 {
		n := min(room, len(p))
		r.buf = append(r.buf, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(r.buf[r.next:], p)
		r.next = (r.next + n) % r.size
		p = p[n:]
	}
}

// String returns the bytes in the order of writing, made valid UTF-8.
func (r *ring) String() string {
	text := append(bytes.Clone(r.buf[r.next:]), r.buf[:r.next]...)
	return string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
}

// print takes what the guest wrote to stdout or stderr: into the tail as it
// is, and line by line into the log.
func (i *instance) print(stream int, p []byte) {
	i.stderr.write(p)
	buf := &i.lines[stream]
	for len(p) > 0 {
		line, rest, found := bytes.Cut(p, []byte{'\n'})
		p = rest
		if room := maxLogLine - buf.Len(); room > 0 {
			buf.Write(line[:min(room, len(line))])
		}
		if found {
			i.flush(stream)
		}
	}
}

// flush logs the line that a stream has so far.
func (i *instance) flush(stream int) {
	buf := &i.lines[stream]
	if buf.Len() > 0 {
		level := abi.LevelInfo
		if stream == streamErr {
			level = abi.LevelWarn
		}
		i.log(level, buf.Bytes())
	}
	buf.Reset()
}

// log passes a line on as long as the call's budget lasts. Without a call
// there is nobody to log to; the tail keeps it.
func (i *instance) log(level abi.Level, line []byte) {
	if i.door == nil || i.logBytes > i.limits.LogBytes {
		return
	}
	if i.logBytes += len(line) + 1; i.logBytes > i.limits.LogBytes {
		i.door.Log(abi.LevelWarn, fmt.Appendf(nil, "the log budget of %d bytes is used up; the rest of this call's log is dropped", i.limits.LogBytes))
		return
	}
	i.door.Log(level, line)
}
