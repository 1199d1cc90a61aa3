package sdk

import (
	"context"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// fixedHost answers every call with the same catalog handle.
type fixedHost struct{ reply []byte }

func (h fixedHost) Call(_ context.Context, _ abi.Capability, _ uint32, _, buf []byte) ([]byte, abi.Code) {
	return buf[:copy(buf, h.reply)], abi.CodeOK
}
func (fixedHost) Read(uint32, int64, []byte) (int, abi.Code)  { return 0, abi.CodeInvalid }
func (fixedHost) Write(uint32, int64, []byte) (int, abi.Code) { return 0, abi.CodeInvalid }
func (fixedHost) Log(abi.Level, []byte)                       {}

// BenchmarkHandle is one request that reads an entity by handle: everything
// that the SDK does around a handler, natively; allocations are what counts.
func BenchmarkHandle(b *testing.B) {
	answer := contract.CatalogHandle{Handle: 65537, Size: 1700, ETag: "9f86d081884c7d65", Revision: 7}
	payload, err := answer.MarshalMsg(nil)
	if err != nil {
		b.Fatal(err)
	}
	header := abi.ReplyHeader{Codec: abi.CodecMsgpack, PayloadLen: uint32(len(payload))}
	g, err := NewGuest(Plugin{Routes: Routes{sample.Method + " " + sample.Route: func(ctx context.Context, r *Request) (*Response, error) {
		doc, err := Viewer(ctx).Catalog().Get(r.Param("kind") + ":" + r.Param("namespace") + "/" + r.Param("name"))
		if err != nil {
			return nil, err
		}
		return NewResponse(200).Header("Content-Type", "application/json; charset=utf-8").Header("ETag", doc.ETag).Handle(doc.Handle), nil
	}}}, fixedHost{append(header.AppendTo(nil), payload...)})
	if err != nil {
		b.Fatal(err)
	}
	req, err := sample.MarshalMsg(nil)
	if err != nil {
		b.Fatal(err)
	}
	call := abi.CallHeader{Codec: abi.CodecMsgpack, Op: abi.OpHTTPHandle, PayloadLen: uint32(len(req)), CallID: 1}
	in := append(call.AppendTo(nil), req...)
	b.ReportAllocs()
	for b.Loop() {
		reply, _, err := abi.ParseReplyHeader(g.Handle(context.Background(), abi.OpHTTPHandle, in))
		if err != nil || reply.Code != abi.CodeOK {
			b.Fatal(err, reply.Code)
		}
	}
}
