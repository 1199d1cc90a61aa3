package replay

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/callboard/callboard/sdk/payload"
)

// Write writes a recording as lines of JSON.
func Write(w io.Writer, r *Recording) error {
	out := bufio.NewWriter(w)
	encode := json.NewEncoder(out)
	encode.SetEscapeHTML(false)
	head := r.Head
	head.Format = Format
	if err := encode.Encode(head); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	for l := range r.lines() {
		if err := encode.Encode(l); err != nil {
			return fmt.Errorf("writing a recording: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	return nil
}

// lines are all lines after the first.
func (r *Recording) lines() func(yield func(line) bool) {
	op, _ := opByName(r.Op)
	return func(yield func(line) bool) {
		if r.Input != nil && !yield(input(op, r.Input)) {
			return
		}
		for i := range r.Events {
			if !yield(r.Events[i].line()) {
				return
			}
		}
		o := &r.Outcome
		last := outcome{
			Kind: o.Kind, Crashed: o.Crashed, Cause: o.Cause, Message: o.Message, Stack: o.Stack, Stderr: o.Stderr,
			Fuel: o.Fuel, Memory: o.Memory,
		}
		if o.Reply != nil {
			last.Reply = answer(answerType(op), o.Reply)
		}
		_ = yield(line{Is: "around", Around: &r.Around}) &&
			yield(line{Is: "outcome", Outcome: &last}) &&
			yield(line{Is: "verified", Verified: &r.Verified})
	}
}

func (e *Event) line() line {
	l := line{Is: string(e.Kind), Stopped: e.Stopped}
	if e.Code != 0 {
		l.Code = e.Code.String()
	}
	switch e.Kind {
	case KindPut:
		l.Handle, l.MediaType, l.Content, l.Size = e.Handle, e.MediaType, content(e.Bytes), missing(e)
	case KindCall:
		known, _ := payload.Host(e.Capability, e.Op)
		capability := uint32(e.Capability)
		l.Operation, l.Capability, l.Op = OperationName(e.Capability, e.Op), &capability, e.Op
		if e.Request != nil {
			l.Request = request(known.Request, e.Request)
		} else {
			l.Request = &packed{Size: e.Size, Hash: e.Hash}
		}
		if e.Answer != nil {
			l.Answer = answer(known.Answer, e.Answer)
		}
	case KindStash:
		l.Handle = e.Handle
	case KindRead, KindWrite:
		l.Handle, l.Off, l.Size, l.Content = e.Handle, e.Off, e.Size, content(e.Bytes)
	case KindLog:
		l.Level, l.Content = uint32(e.Level), content(e.Bytes)
	case KindSleep:
		l.Nanos = e.Off
	}
	return l
}

// missing is the size of content that is not in the file.
func missing(e *Event) int {
	if e.Bytes != nil {
		return 0
	}
	return e.Size
}
