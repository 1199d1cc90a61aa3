package plugintest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// answer is what a case's host call does.
type answer = func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte

// Kit is with what the guests of a loader are made, and how one speaks to
// them. The suite is the same for all; where a kit cannot do a case, or says
// the same in other words, the kit says so by the case's name.
type Kit struct {
	Name string
	// Hostile returns the guest that does harm on request.
	Hostile func(tb testing.TB) []byte

	encode func(text string) msgp.Marshaler
	decode func(payload []byte) (string, error)
	// tell adapts the answer of a case's host call to what this kit asks for.
	tell func(answer) answer

	starved  uint64                          // a memory limit below what Hostile asks for
	omits    map[string]string               // case -> why it cannot be
	differs  map[string]func(c *hostileCase) // case -> what its words are
	modules  handmade
	refusals []refusal
}

// handmade are modules that no compiler would emit.
type handmade struct {
	minimal, trapping, recursing, brokenNames, growingTable []byte
	endlessStart, exitingStart                              []byte
	slowCompile                                             func() []byte
	unknownImports                                          []byte // one of its imports is known:
	knownImport                                             string
}

func plainText(text string) msgp.Marshaler { return msgp.Raw(text) }

// ABI is ABI v1 as it is, in Go without the SDK. Its payloads are text.
func ABI() Kit {
	return Kit{
		Name: "ABI v1", Hostile: Hostile, starved: 1 << 20,
		encode: plainText,
		decode: func(payload []byte) (string, error) { return string(payload), nil },
		tell:   func(a answer) answer { return a },
		modules: handmade{
			minimal: Minimal(), trapping: Trapping(), recursing: Recursing(), brokenNames: BrokenNames(), growingTable: GrowingTable(),
			endlessStart: EndlessStart(), exitingStart: ExitingStart(), slowCompile: SlowCompile,
			unknownImports: unknownImports(), knownImport: "callboard.call",
		},
		refusals: append([]refusal{
			{name: "no marker", wasm: noMarker(), words: []string{"does not export callboard_abi_v1"}},
			{name: "another ABI", wasm: futureABI(), words: []string{"callboard_abi_v2", "callboard_abi_v1"}},
			{name: "unknown imports", wasm: unknownImports(), words: []string{"env.launch_missiles", "callboard.tick"}},
			{name: "wrong signature", wasm: wrongSignature(), words: []string{"callboard.call", "signature"}},
		}, refused(Minimal(), tiny.wasm)...),
	}
}

// ExtismGo is Extism's kit for Go.
func ExtismGo() Kit {
	kit := extismKit("Extism's kit for Go", func(tb testing.TB) []byte {
		tb.Helper()
		return build(tb, "extism-go", "")
	})
	return kit
}

// ExtismAS is Extism's kit for AssemblyScript. The module lies beside its
// source: not everybody who runs the suite has Node.
func ExtismAS() Kit {
	kit := extismKit("Extism's kit for AssemblyScript", func(tb testing.TB) []byte {
		tb.Helper()
		wasm, err := os.ReadFile(filepath.Join(guestDir(tb, "extism-as"), "hostile.wasm"))
		if err != nil {
			tb.Fatalf("reading the guest extism-as: %v", err)
		}
		return wasm
	})
	kit.starved = 1 << 16
	kit.omits = map[string]string{
		"no files, arguments, environment": "it has no way to ask for them",
	}
	kit.differs["memory bomb"] = func(c *hostileCase) { c.stderr = "" } // it says nothing
	kit.differs["stack overflow"] = func(c *hostileCase) {              // its stack is the runtime's, not its memory
		c.kind, c.crash, c.stderr = fault.Internal, "stack overflow", ""
	}
	return kit
}

// extismKit is what the kits of Extism have in common: they speak JSON, so a
// request is a real one whose body is the text.
func extismKit(name string, hostile func(testing.TB) []byte) Kit {
	plain := func(t tiny) []byte { return t.extism() }
	unknown := tiny{imports: [][]byte{
		importOf("env", "launch_missiles", typeVoid), importOf(extismEnv, "reset", typeVoid), importOf("extism:host/user", "other", typeVoid),
		importOf(abi.Module, "tick", typeVoid), importOf(abi.Module, abi.ImportCall, typeCall), importOf("callboard:extism", "free", typeVoid),
	}}.extism()
	malformed := func(c *hostileCase) { c.crash = "malformed" }
	return Kit{
		Name: name, Hostile: hostile, starved: 1 << 20, encode: extismEncode, decode: extismDecode, tell: extismTell,
		differs: map[string]func(*hostileCase){
			"reply without header":  malformed,
			"reply of wrong length": malformed,
			"empty reply":           malformed,
			"call before any call":  func(c *hostileCase) { c.want = "there is no call in progress" },
			"call budget":           func(c *hostileCase) { c.want = "exhausted the call made more than 10 host calls" },
			"call within budget":    func(c *hostileCase) { c.want = "ok" },
			"bad pointers": func(c *hostileCase) {
				c.failed, c.crash = true, "it names the Extism memory 4294967280, where it has no block"
				c.kind = fault.Internal
			},
		},
		modules: handmade{
			minimal: plain(tiny{}), trapping: tiny{}.extism(opUnreachable), recursing: tiny{}.extism(opCall, extismImports),
			brokenNames: plain(brokenNames()), growingTable: tiny{tables: vec([]byte{0x70, 0, 1})}.extism(append(growTable(), extismReply()...)...),
			endlessStart: plain(endlessStart()), exitingStart: plain(exitingStart(extismImports)),
			slowCompile:    func() []byte { return plain(slowCompile()) },
			unknownImports: unknown, knownImport: "extism:host/env.alloc",
		},
		refusals: append([]refusal{
			{
				name: "unknown imports", wasm: unknown,
				words: []string{"env.launch_missiles", "extism:host/env.reset", "extism:host/user.other", "callboard.tick", "callboard.call", "callboard:extism.free"},
			},
			{
				name: "wrong signature", wasm: tiny{imports: [][]byte{importOf("extism:host/user", "callboard_call", typeVoid)}}.extism(),
				words: []string{"extism:host/user.callboard_call", "signature"},
			},
		}, refused(plain(tiny{}), plain)...),
	}
}

func extismEncode(text string) msgp.Marshaler {
	return &contract.HTTPRequest{Method: "POST", Path: "/", Body: []byte(text)}
}

func extismDecode(payload []byte) (string, error) {
	var response contract.HTTPResponse
	if _, err := response.UnmarshalMsg(payload); err != nil {
		return "", fmt.Errorf("reading the response: %w", err)
	}
	switch len(response.Body) {
	case 0:
		return "", nil
	case 1:
		return string(response.Body[0].Bytes), nil
	default:
		return "", errors.New("the response has several parts")
	}
}

// extismTell makes the answer to kv.get/1 of what a case answers. The key is
// what the guest was told to ask.
func extismTell(a answer) answer {
	if a == nil {
		return nil
	}
	return func(ctx context.Context, info plugin.CallInfo, capability abi.Capability, op uint32, payload []byte) []byte {
		var q contract.KVGetRequest
		if _, err := q.UnmarshalMsg(payload); err != nil {
			return Refusal(abi.CodeInvalid, contract.Error{Message: err.Error()})
		}
		header, content, err := abi.ParseReplyHeader(a(ctx, info, capability, op, []byte(q.Key)))
		if err != nil || header.Code != abi.CodeOK {
			return Refusal(header.Code, contract.Error{Code: header.Code.String()})
		}
		packed, err := (&contract.KVEntry{Key: q.Key, Value: content}).MarshalMsg(nil)
		if err != nil {
			panic(err) // of a type that always encodes
		}
		return Answer(abi.CodeOK, abi.CodecMsgpack, packed)
	}
}

// Told adapts what a host call answers to guests of a kit, as the suite does:
// they ask for a key, and get the value.
func Told(kit Kit, a func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte) func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte {
	return kit.tell(a)
}
