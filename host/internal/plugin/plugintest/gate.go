package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Gate is a plugin.Gate for tests of the runtime. Host calls are answered by
// Answer; without it they are denied, as calls without a grant are.
type Gate struct {
	Answer func(ctx context.Context, info plugin.CallInfo, capability abi.Capability, op uint32, payload []byte) []byte

	mu   sync.Mutex
	open int
	logs []string
	last plugin.CallInfo
}

// Open implements plugin.Gate.
func (g *Gate) Open(info plugin.CallInfo) plugin.Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open++
	g.last = info
	return &session{gate: g, info: info}
}

// Sessions returns how many sessions are open.
func (g *Gate) Sessions() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// Last returns what the gate was told about the latest call.
func (g *Gate) Last() plugin.CallInfo {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

// TakeLogs returns the lines logged since the last time, "level text".
func (g *Gate) TakeLogs() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	logs := g.logs
	g.logs = nil
	return logs
}

type session struct {
	gate    *Gate
	info    plugin.CallInfo
	handles [][]byte
	usage   plugin.Usage
	closed  bool
}

func (s *session) Call(ctx context.Context, capability abi.Capability, op uint32, payload []byte) []byte {
	s.usage.HostCalls++
	if s.gate.Answer == nil {
		s.usage.Denied++
		return Refusal(abi.CodeDenied, contract.Error{Code: "denied", Message: "not granted", MissingGrant: capability.String()})
	}
	return s.gate.Answer(ctx, s.info, capability, op, payload)
}

// Refusal encodes an error as the answer to a host call.
func Refusal(code abi.Code, e contract.Error) []byte {
	payload, err := e.MarshalMsg(nil)
	if err != nil {
		panic(err) // of a type that always encodes
	}
	return Answer(code, abi.CodecMsgpack, payload)
}

// Answer encodes an answer to a host call.
func Answer(code abi.Code, codec abi.Codec, payload []byte) []byte {
	header := abi.ReplyHeader{Codec: codec, Code: code, PayloadLen: uint32(len(payload))}
	return append(header.AppendTo(nil), payload...)
}

func (s *session) Stash(content []byte) uint32 {
	handle, err := s.Put("application/octet-stream", bytes.Clone(content))
	if err != nil {
		return 0
	}
	return handle
}

func (s *session) Put(_ string, content []byte) (uint32, error) {
	if len(s.handles) >= s.info.Limits.Handles {
		return 0, fault.New(fault.Exhausted, "the call has %d handles already", len(s.handles))
	}
	s.handles = append(s.handles, content)
	s.usage.Handles++
	s.usage.HandleBytes += int64(len(content))
	return uint32(len(s.handles)), nil
}

func (s *session) Read(handle uint32, off int64, dst []byte) (int, abi.Code) {
	if handle == 0 || int(handle) > len(s.handles) {
		return 0, abi.CodeNotFound
	}
	content := s.handles[handle-1]
	return copy(dst, content[min(off, int64(len(content))):]), abi.CodeOK
}

func (s *session) Write(uint32, int64, []byte) (int, abi.Code) { return 0, abi.CodeDenied }

func (s *session) Log(level abi.Level, line []byte) {
	s.usage.LogLines++
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	s.gate.logs = append(s.gate.logs, fmt.Sprintf("%d %s", level, line))
}

func (s *session) Body(handle uint32) ([][]byte, string, error) {
	if handle == 0 || int(handle) > len(s.handles) {
		return nil, "", fault.New(fault.Invalid, "no handle %d", handle)
	}
	return [][]byte{s.handles[handle-1]}, "application/octet-stream", nil
}

func (s *session) Usage() plugin.Usage { return s.usage }

func (s *session) Close() {
	if !s.closed {
		s.closed = true
		s.gate.mu.Lock()
		s.gate.open--
		s.gate.mu.Unlock()
	}
}
