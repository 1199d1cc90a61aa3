package record

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/replay"
)

// head says what every recording of a module says.
func (r *Recorder) head(spec plugin.Spec) replay.Head {
	h := replay.Head{
		Format: replay.Format, At: r.config.Now().UTC(), Plugin: string(spec.ID), Version: spec.Version, Digest: spec.Digest,
		ABI: abi.Version, Host: r.config.Host,
	}
	var unique [4]byte
	if r.source.random(unique[:]) == nil {
		h.ID = h.At.Format("20060102-150405.000") + "-" + hex.EncodeToString(unique[:])
	}
	if facts := r.config.Facts; facts != nil {
		h.Config, h.Grants = facts.Digests(spec.ID)
	}
	return h
}

// recording makes a recording of a tape, which it takes over.
func (r *Recorder) recording(i *instance, t *tape, in []byte) *replay.Recording {
	rec := &replay.Recording{Head: r.head(i.module.spec), Input: bytes.Clone(in), Events: t.events, Around: t.around.around()}
	rec.Op, rec.RequestID, rec.Authority = t.info.Op.String(), t.info.RequestID, authority(t.info)
	rec.Route = route(t.info.Op, in)
	rec.Limits = limits(t.info.Limits, t.info.Limits.For(t.info.Op), t.info.Limits.FuelFor(t.info.Op))
	rec.Bodies, rec.Truncated, rec.EarlierCalls = true, t.truncated, i.calls
	rec.Reason = replay.ReasonFailed
	if t.asked {
		rec.Reason = replay.ReasonAsked
	}
	if i.start != nil {
		rec.Start = i.start.around()
	}
	put := 0
	for n := range rec.Events {
		// Content of the host: it belongs to the request that is about to end.
		if e := &rec.Events[n]; e.Kind == replay.KindPut {
			if put += len(e.Bytes); put > maxTape {
				e.Bytes, rec.Truncated = nil, true
			} else {
				e.Bytes = bytes.Clone(e.Bytes)
			}
		}
	}
	return rec
}

func authority(info plugin.CallInfo) replay.Authority {
	a := replay.Authority{
		Mode: info.Authority.Mode.String(), Kind: info.Authority.Subject.Kind.String(), Ref: info.Authority.Subject.Ref,
	}
	for _, actor := range info.Authority.Actors {
		a.Actors = append(a.Actors, actor.Plugin+"@"+actor.Version)
	}
	return a
}

func limits(l plugin.Limits, deadline time.Duration, fuel uint64) replay.Limits {
	return replay.Limits{
		MemoryBytes: l.MemoryBytes, HostCalls: l.HostCalls, LogBytes: l.LogBytes, ResponseBytes: l.ResponseBytes,
		Handles: l.Handles, HandleBytes: l.HandleBytes, Deadline: deadline, Fuel: fuel,
	}
}

// route names the route of a request, without anything of the request itself.
func route(op abi.Op, in []byte) string {
	if op != abi.OpHTTPHandle {
		return ""
	}
	_, payload, err := abi.ParseCallHeader(in)
	var q contract.HTTPRequest
	if err != nil {
		return ""
	}
	if _, err := q.UnmarshalMsg(payload); err != nil {
		return ""
	}
	return q.Method + " " + q.Route
}

// outcome tells how a run ended. instance is nil when there was none.
func outcome(instance plugin.Instance, out []byte, err error) replay.Outcome {
	o := replay.Outcome{Kind: abi.CodeOK.String()}
	if instance != nil {
		o.Memory, o.Stderr, o.Fuel = instance.Memory(), instance.Stderr(), instance.Fuel()
	}
	if err == nil {
		o.Reply = bytes.Clone(out)
		if h, _, bad := abi.ParseReplyHeader(out); bad == nil {
			o.Kind = h.Code.String()
		}
		return o
	}
	o.Kind, o.Message = fault.KindOf(err).String(), fault.Message(err)
	var crash *plugin.Crash
	if errors.As(err, &crash) {
		o.Crashed, o.Cause, o.Stack, o.Stderr = true, crash.Cause, crash.Stack, crash.Stderr
	}
	var stopped *plugin.Ended
	if errors.As(err, &stopped) {
		o.Cause, o.Stack = stopped.Err.Error(), stopped.Stack
	}
	return o
}

// withoutBodies leaves out what passed and keeps what happened.
func withoutBodies(rec *replay.Recording) *replay.Recording {
	out := *rec
	out.Bodies, out.Input = false, nil
	out.Events = slices.Clone(rec.Events)
	for n := range out.Events {
		e := &out.Events[n]
		if e.Kind == replay.KindCall && e.Request != nil {
			e.Hash, e.Size = replay.Hash(e.Request), len(e.Request)
		}
		e.Size = max(e.Size, len(e.Bytes))
		e.Request, e.Bytes = nil, nil
		if len(e.Answer) >= abi.ReplyHeaderSize { // its code
			h := abi.ReplyHeader{Code: abi.Code(e.Answer[3])}
			e.Answer = h.AppendTo(nil)
		}
	}
	out.Outcome.Reply = nil
	return &out
}
