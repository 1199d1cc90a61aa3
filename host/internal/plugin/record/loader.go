package record

import (
	"context"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// Loader loads with another loader and sees what enters the guests and what
// comes out.
type Loader struct {
	inner    plugin.Loader
	recorder *Recorder
}

// Loader returns inner with recording.
func (r *Recorder) Loader(inner plugin.Loader) *Loader { return &Loader{inner: inner, recorder: r} }

// Load implements plugin.Loader.
func (l *Loader) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	m, err := l.inner.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &module{Module: m, spec: spec, loader: l.inner, recorder: l.recorder}, nil
}

type module struct {
	plugin.Module
	spec     plugin.Spec
	loader   plugin.Loader // without recording
	recorder *Recorder
}

// New implements plugin.Module. An instance knows the time and the randomness
// that it started with.
func (m *module) New(ctx context.Context) (plugin.Instance, error) {
	starter, ok := m.Module.(plugin.Starter)
	if !ok {
		i, err := m.Module.New(ctx)
		if err != nil {
			return nil, err
		}
		return &instance{Instance: i, module: m}, nil
	}
	start := &surroundings{source: &m.recorder.source}
	i, err := starter.NewIn(ctx, start)
	if err != nil {
		m.recorder.startFailed(m, start, err)
		return nil, err
	}
	start.generator = nil // the start is over; only the seed is of use
	return &instance{Instance: i, module: m, start: start}, nil
}

type instance struct {
	plugin.Instance
	module *module
	start  *surroundings // nil when the runtime does not tell
	calls  int
}

// Handle implements plugin.Instance.
func (i *instance) Handle(ctx context.Context, op abi.Op, in []byte, door plugin.Door) ([]byte, error) {
	s, ok := door.(*session)
	if !ok || s.tape == nil {
		i.calls++
		return i.Instance.Handle(ctx, op, in, door)
	}
	t := s.tape
	t.ctx = ctx
	if i.module.recorder.asked(t.info.Plugin) {
		t.asked = true
		if i.calls > 0 {
			return i.fresh(ctx, op, in, s)
		}
	}
	out, err := i.Instance.Handle(ctx, op, in, s)
	i.end(s, in, out, err)
	i.calls++
	return out, err
}

// fresh runs a call that is recorded on request in an instance of its own, so
// that nothing of earlier calls is part of it.
func (i *instance) fresh(ctx context.Context, op abi.Op, in []byte, s *session) ([]byte, error) {
	made, err := i.module.New(ctx)
	if err != nil {
		return nil, err
	}
	own := made.(*instance) //nolint:forcetypeassert // New makes nothing else
	defer func() { _ = own.Close(context.WithoutCancel(ctx)) }()
	out, err := own.Instance.Handle(ctx, op, in, s)
	own.end(s, in, out, err)
	// The reply lies in memory that goes with the instance.
	return append([]byte(nil), out...), err
}

// end keeps the call if it is worth it. After a success the tape goes back;
// after an error the call may be tried again, with what is on the tape, until
// the session is closed.
func (i *instance) end(s *session, in, out []byte, err error) {
	switch {
	case s.tape.asked || failed(out, err):
		s.tape.ctx = nil
		i.module.recorder.keep(i, s.tape, in, out, err)
		s.tape = nil
	case err == nil:
		s.release()
	}
}

// failed reports whether a call is to be recorded for how it ended: a crash,
// a limit, the deadline, or an internal error. What a plugin answers its
// caller on purpose is none, nor is a caller who gave up.
func failed(out []byte, err error) bool {
	if err != nil {
		return !fault.Is(err, fault.Unavailable)
	}
	header, _, bad := abi.ParseReplyHeader(out)
	return bad == nil && header.Code == abi.CodeInternal
}
