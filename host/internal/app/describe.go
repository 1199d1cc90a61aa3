package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// DescribeModule runs describe/1 of a module outside of any portal, with no
// capability at all: the plugin tools compare the answer with the manifest.
func DescribeModule(ctx context.Context, module []byte) (contract.Description, error) {
	loader, err := newLoaders("", rand.Reader, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		return contract.Description{}, err
	}
	return describe(ctx, loader, module)
}

// describe is DescribeModule with a loader that may know the module already.
func describe(ctx context.Context, loader plugin.Loader, module []byte) (contract.Description, error) {
	var out contract.Description
	digest := sha256.Sum256(module)
	loaded, err := loader.Load(ctx, plugin.Spec{
		ID: "described", Digest: hex.EncodeToString(digest[:]), Wasm: module, Limits: plugin.Limits{}.WithDefaults(),
	})
	if err != nil {
		return out, fmt.Errorf("loading the module: %w", err)
	}
	defer func() { _ = loaded.Close(ctx) }()
	// Also its start has an end: it may sleep, which takes no fuel.
	starting, cancel := context.WithTimeout(ctx, plugin.DefaultDeadline(abi.OpDescribe))
	defer cancel()
	instance, err := loaded.New(starting)
	if err != nil {
		return out, fmt.Errorf("starting the module: %w", err)
	}
	defer func() { _ = instance.Close(ctx) }()
	deadline := time.Now().Add(plugin.DefaultDeadline(abi.OpDescribe))
	ctx, stop := context.WithDeadline(ctx, deadline)
	defer stop()
	header := abi.CallHeader{Op: abi.OpDescribe, CallID: 1, Deadline: deadline}
	reply, err := instance.Handle(ctx, abi.OpDescribe, header.AppendTo(nil), closedDoor{})
	if err != nil {
		return out, fmt.Errorf("describing the module: %w: %s", err, instance.Stderr())
	}
	answer, payload, err := abi.ParseReplyHeader(reply)
	if err != nil {
		return out, fault.Wrap(fault.Invalid, err, "the module's answer to describe/1 is malformed")
	}
	if answer.Code != abi.CodeOK {
		return out, fault.New(fault.Invalid, "the module refuses describe/1: %s", answer.Code)
	}
	if _, err := out.UnmarshalMsg(payload); err != nil {
		return out, fault.Wrap(fault.Invalid, err, "the module's description is malformed")
	}
	return out, nil
}

// closedDoor is a plugin.Door that leads nowhere.
type closedDoor struct{}

func (closedDoor) Call(context.Context, abi.Capability, uint32, []byte) []byte {
	refusal := contract.Error{Code: abi.CodeDenied.String(), Message: "a module that is described reaches nothing"}
	payload, err := refusal.MarshalMsg(nil)
	if err != nil { // contract types always encode
		payload = nil
	}
	header := abi.ReplyHeader{Codec: abi.CodecMsgpack, Code: abi.CodeDenied, PayloadLen: uint32(len(payload))} //nolint:gosec // a short message
	return append(header.AppendTo(nil), payload...)
}

func (closedDoor) Stash([]byte) uint32                         { return 0 }
func (closedDoor) Read(uint32, int64, []byte) (int, abi.Code)  { return 0, abi.CodeDenied }
func (closedDoor) Write(uint32, int64, []byte) (int, abi.Code) { return 0, abi.CodeDenied }
func (closedDoor) Log(abi.Level, []byte)                       {}
