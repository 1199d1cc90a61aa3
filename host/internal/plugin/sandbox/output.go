package sandbox

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

// The streams of a guest.
const (
	Stdout = iota
	Stderr
)

// MaxLine bounds one line of a guest's log; the rest of it is cut off.
const MaxLine = 16 << 10

// Output takes what a guest writes: into a transcript for crash reports as it
// is, and line by line into the log, as long as the call's budget lasts.
type Output struct {
	Budget int // bytes of log of one call

	sink   func(abi.Level, []byte) // nil between calls
	used   int
	script transcript
	lines  [2]bytes.Buffer
}

// Begin starts a call, whose log lines go to sink.
func (o *Output) Begin(sink func(abi.Level, []byte)) {
	o.sink, o.used = sink, 0
	o.script.reset()
}

// End logs the lines that a call left unfinished. What is written afterwards
// goes into the transcript only.
func (o *Output) End() {
	o.flush(Stdout)
	o.flush(Stderr)
	o.sink = nil
}

// String returns the first and the last of what was written since Begin.
func (o *Output) String() string { return o.script.String() }

// Print takes what the guest wrote to a stream.
func (o *Output) Print(stream int, p []byte) {
	o.script.write(p)
	buf := &o.lines[stream]
	for len(p) > 0 {
		line, rest, found := bytes.Cut(p, []byte{'\n'})
		p = rest
		if room := MaxLine - buf.Len(); room > 0 {
			buf.Write(line[:min(room, len(line))])
		}
		if found {
			o.flush(stream)
		}
	}
}

// flush logs the line that a stream has so far.
func (o *Output) flush(stream int) {
	buf := &o.lines[stream]
	if buf.Len() > 0 {
		level := abi.LevelInfo
		if stream == Stderr {
			level = abi.LevelWarn
		}
		o.Log(level, buf.Bytes())
	}
	buf.Reset()
}

// Log passes a line on as long as the call's budget lasts. Without a call
// there is nobody to log to; the transcript keeps what was printed.
func (o *Output) Log(level abi.Level, line []byte) {
	if o.sink == nil || o.used > o.Budget {
		return
	}
	if o.used += len(line) + 1; o.used > o.Budget {
		o.sink(abi.LevelWarn, fmt.Appendf(nil, "the log budget of %d bytes is used up; the rest of this call's log is dropped", o.Budget))
		return
	}
	o.sink(level, line)
}
