package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/payload"
)

// Bounds of what Read accepts. A host writes far less: the content of one call
// is cut at a mebibyte or so.
const (
	MaxSize   = 64 << 20 // bytes, unpacked
	MaxEvents = 200_000
	maxClock  = 1 << 20 // readings of one clock
)

// Read reads a recording, packed with gzip or not. The bytes may come from
// anybody: what is read is bounded, and the error names the line.
func Read(r io.Reader) (*Recording, error) {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("unpacking the recording: %w", err)
		}
		in = bufio.NewReader(unpacked)
	}
	bounded := &io.LimitedReader{R: in, N: MaxSize + 1}
	p := parser{out: &Recording{}}
	lines := bufio.NewReaderSize(bounded, 64<<10)
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading the recording: %w", err)
		}
		if bounded.N == 0 {
			return nil, fmt.Errorf("the recording is larger than %d MiB", MaxSize>>20)
		}
		if len(bytes.TrimSpace(text)) > 0 {
			p.line++
			if bad := p.take(text); bad != nil {
				return nil, fmt.Errorf("line %d of the recording %w", p.line, bad)
			}
		}
		if err != nil {
			return p.end()
		}
	}
}

type parser struct {
	out  *Recording
	op   abi.Op
	line int
	seen map[string]bool
}

func (p *parser) take(text []byte) error {
	if p.line == 1 {
		return p.head(text)
	}
	if p.seen["verified"] {
		return errors.New("comes after the end")
	}
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	switch Kind(l.Is) {
	case KindPut, KindCall, KindStash, KindRead, KindWrite, KindLog, KindSleep:
		return p.event(&l)
	}
	if p.seen[l.Is] {
		return fmt.Errorf("is a second %.20q", l.Is)
	}
	p.seen[l.Is] = true
	var err error
	switch {
	case l.Is == "input":
		p.out.Input, err = l.input(p.op)
		if err == nil && p.out.Input == nil {
			err = errNoMessage
		}
	case l.Is == "around" && l.Around != nil:
		p.out.Around = *l.Around
		err = p.out.Around.check()
	case l.Is == "outcome" && l.Outcome != nil:
		err = p.outcome(l.Outcome)
	case l.Is == "verified" && l.Verified != nil:
		p.out.Verified = *l.Verified
	default:
		return fmt.Errorf("is %.20q, which this version does not know; it may come from a newer Callboard", l.Is)
	}
	if err != nil {
		return fmt.Errorf("(%s) %w", l.Is, err)
	}
	return nil
}

func (p *parser) head(text []byte) error {
	p.seen = map[string]bool{}
	if err := json.Unmarshal(text, &p.out.Head); err != nil {
		return errors.New("is not the start of a recording")
	}
	h := &p.out.Head
	switch {
	case h.Format == "":
		return errors.New("is not the start of a recording")
	case h.Format != Format:
		return fmt.Errorf("says format %.20q, this version reads %q", h.Format, Format)
	case h.ABI != abi.Version:
		return fmt.Errorf("says ABI %d, this version reads %d", h.ABI, abi.Version)
	case len(h.Digest) != 64:
		return errors.New("names no module: digest must be 64 hex digits")
	}
	var known bool
	if p.op, known = opByName(h.Op); !known && h.Op != Start {
		return fmt.Errorf("names the operation %.40q, which this version does not know", h.Op)
	}
	return h.Start.check()
}

func (a *Around) check() error {
	if len(a.Seed) != 0 && len(a.Seed) != 32 {
		return fmt.Errorf("has a seed of %d bytes, want 32", len(a.Seed))
	}
	if len(a.Wall) > maxClock || len(a.Monotonic) > maxClock {
		return fmt.Errorf("has more than %d readings of a clock", maxClock)
	}
	return nil
}

func (p *parser) outcome(in *outcome) (err error) {
	p.out.Outcome = Outcome{
		Kind: in.Kind, Crashed: in.Crashed, Cause: in.Cause, Message: in.Message, Stack: in.Stack, Stderr: in.Stderr,
		Fuel: in.Fuel, Memory: in.Memory,
	}
	p.out.Outcome.Reply, err = in.Reply.answer(answerType(p.op))
	return err
}

func (p *parser) event(l *line) (err error) {
	if len(p.out.Events) >= MaxEvents {
		return fmt.Errorf("is one event too many: at most %d are read", MaxEvents)
	}
	e := Event{
		Kind: Kind(l.Is), Op: l.Op, Handle: l.Handle, Off: l.Off, Size: l.Size, Bytes: l.Content.content(),
		MediaType: l.MediaType, Level: abi.Level(l.Level), Stopped: l.Stopped,
	}
	if l.Code != "" {
		var ok bool
		if e.Code, ok = codeByName(l.Code); !ok {
			return fmt.Errorf("has the unknown code %.20q", l.Code)
		}
	}
	if l.Off < 0 || l.Off > math.MaxUint32 || l.Size < 0 || l.Nanos < 0 {
		return errRange
	}
	switch e.Kind {
	case KindCall:
		if l.Capability == nil || l.Request == nil {
			return errors.New("is a host call without capability or request")
		}
		e.Capability = abi.Capability(*l.Capability)
		known, _ := payload.Host(e.Capability, e.Op)
		if l.Request.Hash == "" {
			e.Request, err = l.Request.request(known.Request)
		} else {
			e.Hash, e.Size = l.Request.Hash, l.Request.Size
		}
		if err == nil {
			e.Answer, err = l.Answer.answer(known.Answer)
		}
		if err != nil {
			return fmt.Errorf("(%.40s) %w", l.Operation, err)
		}
	case KindSleep:
		e.Off = l.Nanos
	case KindRead:
		if len(e.Bytes) > e.Size && e.Size > 0 {
			return errors.New("read more than was asked for")
		}
	}
	p.out.Events = append(p.out.Events, e)
	return nil
}

// end checks that nothing is missing.
func (p *parser) end() (*Recording, error) {
	switch {
	case p.line == 0:
		return nil, errors.New("the recording is empty")
	case !p.seen["outcome"] || !p.seen["verified"]:
		return nil, errors.New("the recording is cut off: its end is missing")
	case p.out.Bodies && p.out.Op != Start && p.out.Input == nil && !p.out.Truncated:
		return nil, errors.New("the recording has no input")
	}
	return p.out, nil
}
