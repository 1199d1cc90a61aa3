package wasm

import (
	"bytes"
	"fmt"

	"github.com/callboard/callboard/sdk/abi"
)

// How much of what a guest writes to stdout and stderr during one call is kept
// for reports: the start, where a short story has its cause, and the end, which
// of a long one is usually a traceback that begins with the cause.
const (
	keepHead = 4 << 10
	keepTail = 16 << 10
)

// transcript keeps the first and the last of what was written since reset.
type transcript struct {
	head    []byte
	tail    []byte // a ring once it has keepTail bytes
	next    int    // where the oldest byte of a full ring is
	dropped int64  // bytes between head and tail
}

func (t *transcript) reset() {
	t.head, t.tail, t.next, t.dropped = t.head[:0], t.tail[:0], 0, 0
}

func (t *transcript) write(p []byte) {
	n := min(keepHead-len(t.head), len(p))
	t.head = append(t.head, p[:n]...)
	p = p[n:]
	if over := len(p) - keepTail; over > 0 {
		t.dropped += int64(over)
		p = p[over:]
	}
	n = min(keepTail-len(t.tail), len(p))
	t.tail = append(t.tail, p[:n]...)
	for p = p[n:]; len(p) > 0; p = p[n:] {
		n = copy(t.tail[t.next:], p)
		t.next = (t.next + n) % keepTail
		t.dropped += int64(n)
	}
}

// String returns the bytes in the order of writing, made valid UTF-8.
func (t *transcript) String() string {
	text := bytes.Clone(t.head)
	if t.dropped > 0 {
		text = fmt.Appendf(text, "\n[%d bytes left out]\n", t.dropped)
	}
	text = append(append(text, t.tail[t.next:]...), t.tail[:t.next]...)
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
