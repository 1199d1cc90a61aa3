package record

import (
	"context"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/replay"
)

// Gate opens the doors of another gate and notes what passes them.
type Gate struct {
	inner    plugin.Gate
	recorder *Recorder
}

// Gate returns inner with recording.
func (r *Recorder) Gate(inner plugin.Gate) *Gate { return &Gate{inner: inner, recorder: r} }

// Open implements plugin.Gate.
func (g *Gate) Open(info plugin.CallInfo) plugin.Session {
	t := tapes.Get().(*tape)
	t.info = info
	t.around.source = &g.recorder.source
	return &session{Session: g.inner.Open(info), tape: t, source: t.around.source}
}

// session is the door of one call with its tape. The tape goes when the guest
// has ended, so that handles of the reply, which live on, cost nothing.
type session struct {
	plugin.Session
	tape   *tape // nil once the guest has ended
	source *source
}

// note adds an event to the tape, if there is one and it has room.
func (s *session) note(kind replay.Kind) *replay.Event {
	if s.tape == nil {
		return nil
	}
	return s.tape.note(kind)
}

// around is the ambient of the call.
func (s *session) around() *surroundings {
	if s.tape == nil {
		return &surroundings{source: s.source}
	}
	return &s.tape.around
}

// release gives the tape back.
func (s *session) release() {
	if s.tape != nil {
		s.tape.wipe()
		s.tape = nil
	}
}

// Close implements plugin.Session.
func (s *session) Close() {
	s.release()
	s.Session.Close()
}

// Put implements plugin.Session. The content does not change while the guest
// runs, so that only its place is noted.
func (s *session) Put(mediaType string, content []byte) (uint32, error) {
	handle, err := s.Session.Put(mediaType, content)
	if err != nil {
		return 0, err
	}
	if e := s.note(replay.KindPut); e != nil {
		e.Handle, e.MediaType, e.Size, e.Bytes = handle, mediaType, len(content), content
	}
	return handle, nil
}

// Call implements plugin.Door.
func (s *session) Call(ctx context.Context, capability abi.Capability, op uint32, payload []byte) []byte {
	t, at := s.tape, 0
	e := s.note(replay.KindCall)
	if e != nil {
		at = len(t.events) - 1
		e.Capability, e.Op, e.Size = capability, op, len(payload)
		if len(payload) > maxRequest {
			e.Hash = replay.Hash(payload)
		} else if e.Request = t.keep(payload); e.Request == nil {
			e.Hash = replay.Hash(payload)
		}
	}
	answer := s.Session.Call(ctx, capability, op, payload)
	if e != nil {
		e = &t.events[at] // a call to another plugin may have come in between
		e.Answer = t.keep(answer)
		e.Stopped = t.stopped()
	}
	return answer
}

// Stash implements plugin.Door.
func (s *session) Stash(content []byte) uint32 {
	handle := s.Session.Stash(content)
	if e := s.note(replay.KindStash); e != nil {
		e.Handle = handle
	}
	return handle
}

// Read implements plugin.Door.
func (s *session) Read(handle uint32, off int64, dst []byte) (int, abi.Code) {
	n, code := s.Session.Read(handle, off, dst)
	if e := s.note(replay.KindRead); e != nil {
		e.Handle, e.Off, e.Size, e.Code = handle, off, len(dst), code
		e.Bytes, e.Stopped = s.tape.keep(dst[:n]), s.tape.stopped()
	}
	return n, code
}

// Write implements plugin.Door.
func (s *session) Write(handle uint32, off int64, src []byte) (int, abi.Code) {
	n, code := s.Session.Write(handle, off, src)
	if e := s.note(replay.KindWrite); e != nil {
		e.Handle, e.Off, e.Size, e.Code = handle, off, len(src), code
		e.Bytes, e.Stopped = s.tape.keep(src), s.tape.stopped()
	}
	return n, code
}

// Log implements plugin.Door.
func (s *session) Log(level abi.Level, line []byte) {
	s.Session.Log(level, line)
	if e := s.note(replay.KindLog); e != nil {
		e.Level, e.Bytes = level, s.tape.keep(line)
	}
}

// Now implements plugin.Ambient.
func (s *session) Now(clock uint32) int64 { return s.around().Now(clock) }

// Random implements plugin.Ambient.
func (s *session) Random(p []byte) error { return s.around().Random(p) }

// Sleep implements plugin.Ambient.
func (s *session) Sleep(ctx context.Context, d time.Duration) {
	s.around().Sleep(ctx, d)
	if e := s.note(replay.KindSleep); e != nil {
		e.Off, e.Stopped = int64(d), s.tape.stopped()
	}
}
