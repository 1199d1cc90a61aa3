package capability

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Policy decides what the rights alone leave open. It can narrow, never widen.
type Policy interface {
	// Allow returns nil or a fault of kind Denied that says why.
	Allow(ctx context.Context, q Question) error
}

// Question is what policy is asked about one host call.
type Question struct {
	Authority  principal.Authority
	Capability abi.Capability
	Operation  string
	Scope      Scope
}

// Audit learns the outcome of every host call. It must not block.
type Audit interface {
	CapabilityCall(e Event)
}

// Event is one host call and how it ended.
type Event struct {
	Plugin     string
	Authority  principal.Authority
	Capability abi.Capability
	Operation  string // empty when the operation is unknown
	CallID     uint64
	Err        error // nil = allowed and done
	// Exchanges are the requests to other servers that it sent, redirects
	// included, in order; Secrets are those that it used, by name.
	Exchanges []Exchange
	Secrets   []SecretUse
	// Repeated says that the call was denied this capability before: a guest
	// that asks a thousand times shall not fill a log.
	Repeated bool
}

// Config is what a Gate needs. Policy and Audit may be nil: everything that is
// granted is allowed, and nothing is told.
type Config struct {
	Table  Table
	Policy Policy
	Audit  Audit
	Uses   *Uses // nil = nobody counts
	Log    *slog.Logger
}

// Gate opens sessions for calls into plugins.
type Gate struct {
	config     Config
	generation atomic.Uint32

	mu     sync.RWMutex
	rights map[rightsKey]*Rights
}

// rightsKey pins rights to code: another digest of the same plugin has its own.
type rightsKey struct{ plugin, digest string }

// NewGate returns a gate behind which nobody has rights yet.
func NewGate(c Config) *Gate {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Gate{config: c, rights: map[rightsKey]*Rights{}}
}

// SetRights gives the code of a plugin its rights, replacing earlier ones;
// nil takes them away. Calls under way keep what they opened with.
func (g *Gate) SetRights(plugin, digest string, r *Rights) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r == nil {
		delete(g.rights, rightsKey{plugin, digest})
		return
	}
	g.rights[rightsKey{plugin, digest}] = r
}

// Rights returns the rights of a plugin's code; without any it may do nothing.
func (g *Gate) Rights(plugin, digest string) *Rights {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if r := g.rights[rightsKey{plugin, digest}]; r != nil {
		return r
	}
	return &Rights{}
}

// Opening is what a session is opened with.
type Opening struct {
	Plugin       string
	Digest       string
	Installation string
	Authority    principal.Authority // the plugin is its last actor
	CallID       uint64
	HostCalls    int // quota; 0 = 1,000
	LogBytes     int // quota; 0 = 64 KiB
	Handles      int // quota; 0 = 64
	HandleBytes  int64

	EgressRequests int   // quota; 0 = 20
	EgressBytes    int64 // quota; 0 = 32 MiB
}

// Open returns the session of one call. Close it when the answer is sent.
func (g *Gate) Open(o Opening) *Session {
	if o.HostCalls == 0 {
		o.HostCalls = 1000
	}
	if o.LogBytes == 0 {
		o.LogBytes = 64 << 10
	}
	if o.Handles == 0 {
		o.Handles = 64
	}
	if o.HandleBytes == 0 {
		o.HandleBytes = 64 << 20
	}
	if o.EgressRequests == 0 {
		o.EgressRequests = 20
	}
	if o.EgressBytes == 0 {
		o.EgressBytes = 32 << 20
	}
	var uses *pluginUses
	if g.config.Uses != nil {
		uses = g.config.Uses.of(o.Plugin)
	}
	return &Session{
		gate: g, opening: o, uses: uses, rights: g.Rights(o.Plugin, o.Digest),
		handles: newHandles(g.generation.Add(1), o.Handles, o.HandleBytes),
	}
}

// Session is the door of one call. It is used by one goroutine at a time.
type Session struct {
	gate    *Gate
	opening Opening
	uses    *pluginUses // nil = nobody counts
	rights  *Rights
	handles *Handles
	calls   int
	denied  int
	refused uint64 // capabilities that were denied, a bit each
	logged  int    // bytes
	lines   int
	reply   []byte
	out     outgoing
}

// Handles returns the call's handles.
func (s *Session) Handles() *Handles { return s.handles }

// Put keeps content of the host, such as a request body, for the guest to read.
func (s *Session) Put(mediaType string, content []byte) (uint32, error) {
	return s.handles.PutOwned(content, mediaType, s.opening.Authority)
}

// Body returns what a handle of the guest's reply holds, for the caller that
// the reply goes to.
func (s *Session) Body(handle uint32) (pieces [][]byte, mediaType string, err error) {
	return s.handles.Content(handle, s.opening.Authority)
}

// Usage is what one call used of the door.
type Usage struct {
	HostCalls   int
	Denied      int
	Handles     int
	HandleBytes int64
	LogLines    int
	LogBytes    int

	EgressRequests int   // requests to other servers, redirects included
	EgressBytes    int64 // of their headers and bodies, both ways
}

// Usage returns what the call has used so far.
func (s *Session) Usage() Usage {
	made, size := s.handles.Made()
	return Usage{HostCalls: s.calls, Denied: s.denied, Handles: made, HandleBytes: size, LogLines: s.lines, LogBytes: s.logged, EgressRequests: s.out.requests, EgressBytes: s.out.bytes}
}

// Close forgets the handles. Pieces that were taken out by Body stay valid.
func (s *Session) Close() {
	s.handles.close()
	s.handles = newHandles(0, 0, 0)
}

// Call performs a capability operation for the guest. The reply is valid until
// the next call of the session.
func (s *Session) Call(ctx context.Context, id abi.Capability, op uint32, payload []byte) []byte {
	s.out.exchanges, s.out.secrets = nil, nil
	name, answer, err := s.perform(ctx, id, op, payload)
	if s.uses != nil && id != abi.CapHandle {
		s.uses.note(id, op, err)
	}
	repeated := fault.Is(err, fault.Denied) && s.again(id)
	if audit := s.gate.config.Audit; audit != nil {
		audit.CapabilityCall(Event{
			Plugin: s.opening.Plugin, Authority: s.opening.Authority, Capability: id,
			Operation: name, CallID: s.opening.CallID, Err: err, Repeated: repeated,
			Exchanges: s.out.exchanges, Secrets: s.out.secrets,
		})
	}
	if err != nil {
		return s.refuse(ctx, id, name, err)
	}
	return s.encode(abi.CodeOK, answer)
}

// again notes a denial and reports whether it is not the first of its
// capability. Numbers that name none share a bit.
func (s *Session) again(id abi.Capability) bool {
	bit := uint64(1) << min(id, 63)
	was := s.refused&bit != 0
	s.refused |= bit
	return was
}

func (s *Session) perform(ctx context.Context, id abi.Capability, op uint32, payload []byte) (string, msgp.Marshaler, error) {
	s.calls++
	if s.calls > s.opening.HostCalls {
		return "", nil, fault.New(fault.Exhausted, "the call made more than %d host calls", s.opening.HostCalls)
	}
	if id == abi.CapHandle {
		return s.performHandle(ctx, op, payload)
	}
	row, known := s.gate.config.Table[id]
	if !known {
		return "", nil, &Denial{Missing: id.String(), Why: "the capability " + id.String() + " is not offered by this host"}
	}
	right, err := s.rights.right(id)
	if err != nil {
		return "", nil, err
	}
	scope := right.scope
	if row.EveryActor {
		if scope, err = s.alongThePath(id, scope); err != nil {
			return "", nil, err
		}
	}
	operation, known := row.Ops[op]
	if !known {
		return "", nil, fault.New(fault.Invalid, "%s has no operation %d in version %d", id, op>>8, op&0xff)
	}
	if policy := s.gate.config.Policy; policy != nil {
		q := Question{Authority: s.opening.Authority, Capability: id, Operation: operation.Name, Scope: scope}
		if err := policy.Allow(ctx, q); err != nil {
			return operation.Name, nil, err
		}
	}
	answer, err := operation.Handle(ctx, &Call{
		Plugin: s.opening.Plugin, Installation: s.opening.Installation, Authority: s.opening.Authority,
		Scope: scope, Handles: s.handles, CallID: s.opening.CallID, session: s,
	}, payload)
	return operation.Name, answer, err
}

// alongThePath narrows a scope to what every other plugin on the path may
// reach too. A plugin that is the subject itself lends only what it may do for
// itself.
func (s *Session) alongThePath(id abi.Capability, scope Scope) (Scope, error) {
	authority := s.opening.Authority
	for i, actor := range authority.Actors[:max(len(authority.Actors)-1, 0)] {
		right, err := s.gate.Rights(actor.Plugin, actor.Digest).right(id)
		if err != nil {
			return nil, &Denial{
				Missing: id.String() + " (of plugin " + actor.Plugin + ")",
				Why: fmt.Sprintf("plugin %s is on the path of this call and may not use the capability %q itself; "+
					"declare it in its plugin.yaml and grant it in plugins.entries.%s.grants.%s", actor.Plugin, id, actor.Plugin, id),
			}
		}
		lent := right.scope
		if i == 0 && authority.Subject.Kind == principal.Plugin {
			if lent, err = forItself(id, actor.Plugin, lent); err != nil {
				return nil, err
			}
		}
		if scope != nil && lent != nil {
			scope = scope.Narrow(lent)
		}
	}
	return scope, nil
}

func forItself(id abi.Capability, plugin string, scope Scope) (Scope, error) {
	divided, ok := scope.(OwnScope)
	if !ok {
		return scope, nil
	}
	own, ok := divided.ForItself()
	if !ok {
		return nil, &Denial{
			Missing: id.String() + ": own (of plugin " + plugin + ")",
			Why: fmt.Sprintf("plugin %s calls for itself and has no rights of its own to the capability %q; "+
				"declare `own` in the scope of %s and grant it", plugin, id, id),
		}
	}
	return own, nil
}

func (s *Session) refuse(ctx context.Context, id abi.Capability, op string, err error) []byte {
	kind := fault.KindOf(err)
	if kind == fault.Denied {
		s.denied++
	}
	e := &contract.Error{
		Code: kind.String(), Message: fault.Message(err),
		Retryable: kind == fault.Unavailable || kind == fault.Timeout,
	}
	var d *Denial
	if errors.As(err, &d) {
		e.MissingGrant = d.Missing
	}
	if kind == fault.Internal {
		s.gate.config.Log.ErrorContext(ctx, "capability failed", "plugin", s.opening.Plugin, "capability", id.String(), "operation", op, "error", err)
	}
	return s.encode(CodeOf(kind), e)
}

func (s *Session) encode(code abi.Code, answer msgp.Marshaler) []byte {
	header := abi.ReplyHeader{Code: code}
	s.reply = append(s.reply[:0], make([]byte, abi.ReplyHeaderSize)...)
	if answer != nil {
		header.Codec = abi.CodecMsgpack
		b, err := answer.MarshalMsg(s.reply)
		if err != nil { // contract types always encode; an error is a bug of ours
			header = abi.ReplyHeader{Code: abi.CodeInternal}
			b = s.reply[:abi.ReplyHeaderSize]
		}
		s.reply = b
	}
	header.PayloadLen = uint32(len(s.reply) - abi.ReplyHeaderSize) //nolint:gosec // answers are bounded by the operations
	header.AppendTo(s.reply[:0])
	return s.reply
}

// CodeOf maps a fault's kind to the code on the wire.
func CodeOf(k fault.Kind) abi.Code {
	for c := abi.CodeInvalid; c <= abi.CodeInternal; c++ {
		if c.String() == k.String() {
			return c
		}
	}
	return abi.CodeInternal
}

// Stash keeps a reply that did not fit the guest's buffer.
func (s *Session) Stash(content []byte) uint32 {
	n, err := s.handles.PutGuest(content, "application/octet-stream")
	if err != nil {
		return 0
	}
	return n
}

// Read copies from a handle.
func (s *Session) Read(handle uint32, off int64, dst []byte) (int, abi.Code) {
	return s.handles.Read(handle, off, dst)
}

// Write copies to a handle.
func (s *Session) Write(handle uint32, off int64, src []byte) (int, abi.Code) {
	return s.handles.Write(handle, off, src)
}

// Log takes one line of the guest's output, within the call's quota.
func (s *Session) Log(level abi.Level, line []byte) {
	if s.logged >= s.opening.LogBytes {
		return
	}
	s.logged += len(line)
	s.lines++
	slogLevel := [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}[min(level, abi.LevelError)]
	message := string(line)
	if s.logged >= s.opening.LogBytes {
		message += " … (the call's log quota is used up)"
	}
	s.gate.config.Log.Log(context.Background(), slogLevel, message, "plugin", s.opening.Plugin, "call", s.opening.CallID)
}
