//go:build wasip1

// Command bench is a guest that decodes and encodes contract types, and turns a loop, to
// measure codecs and metering inside Wasm. host/internal/plugin/wasm runs it.
package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

func main() {}

// wire is a contract type in both encodings.
type wire interface {
	msgp.Marshaler
	msgp.Unmarshaler
}

// subject is what one message of a kind looks like, and a place to decode into.
type subject struct {
	fresh         func() wire
	msgpack, json []byte
}

// entity is 1.7 kB of a component as the catalog holds it.
var entity = []byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"namespace":"default","name":"ledger","uid":"2b0f1ad4-6d9e-4a0e-9df5-7a4c5f0b7b1c","etag":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b","annotations":{` +
	strings.Repeat(`"example.com/annotation-of-some-length":"a value that is as long as real ones are",`, 12) +
	`"backstage.io/managed-by-location":"url:https://example.com/ledger/catalog-info.yaml"},"tags":["go","payments","tier-1"],"links":[{"url":"https://example.com","title":"Dashboard","icon":"dashboard"}]},"spec":{"type":"service","lifecycle":"production","owner":"team-ledger","system":"payments","dependsOn":["resource:default/ledger-db","component:default/rates"]}}`)

func headers() []contract.Header {
	return []contract.Header{
		{Name: "Accept", Value: "application/json"},
		{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},
		{Name: "Accept-Language", Value: "en-GB,en;q=0.9"},
		{Name: "Referer", Value: "http://127.0.0.1:7007/catalog"},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "If-None-Match", Value: `"9f86d081884c7d65"`},
	}
}

func make1(m wire, fresh func() wire) subject {
	packed, err := m.MarshalMsg(nil)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return subject{fresh: fresh, msgpack: packed, json: text}
}

// subjects in the order in which the host names them.
var subjects = []subject{
	make1(&contract.HTTPRequest{
		Method: "GET", Route: "/entities/by-name/{kind}/{namespace}/{name}", Path: "/entities/by-name/component/default/ledger", Headers: headers(),
		Params: []contract.Param{{Name: "kind", Value: "component"}, {Name: "namespace", Value: "default"}, {Name: "name", Value: "ledger"}},
	}, func() wire { return &contract.HTTPRequest{} }),
	make1(&contract.HTTPResponse{
		Status: 200, Headers: headers()[:3],
		Body: []contract.BodyPart{{Bytes: []byte(`{"items":`)}, {Handle: 65537}, {Bytes: []byte(`,"totalItems":7000,"pageInfo":{"nextCursor":"eyJvIjoyMH0"}}`)}},
	}, func() wire { return &contract.HTTPResponse{} }),
	make1(&contract.CatalogQueryRequest{
		Filter: []contract.FilterAll{{Terms: []contract.FilterTerm{{Key: "kind", Values: []string{"component"}}, {Key: "spec.type", Values: []string{"service", "website"}}}}},
		Order:  []contract.OrderField{{Field: "metadata.name"}}, Fields: []string{"metadata.name", "spec.owner"}, Limit: 20,
	}, func() wire { return &contract.CatalogQueryRequest{} }),
	make1(&contract.ProcessRequest{Processor: "tier", Items: []contract.ProcessItem{{Ref: "component:default/ledger", Entity: entity}}},
		func() wire { return &contract.ProcessRequest{} }),
}

var (
	out    []byte
	broken uint32
)

// run decodes and encodes a subject n times with a codec: 0 = msgpack, 1 =
// encoding/json. It returns the length of a message, 0 when something failed.
//
//go:wasmexport run
func run(which, codec, n uint32) uint32 {
	s := subjects[which]
	size := 0
	for range n {
		m := s.fresh()
		var err error
		if codec == 0 {
			if _, err = m.UnmarshalMsg(s.msgpack); err == nil {
				out, err = m.MarshalMsg(out[:0])
			}
			size = len(out)
		} else {
			var text []byte
			if err = json.Unmarshal(s.json, m); err == nil {
				text, err = json.Marshal(m)
			}
			size = len(text)
		}
		if err != nil {
			return broken
		}
	}
	return uint32(size)
}

// guest answers a constant, so that what is measured is the SDK around it.
var guest = func() *sdk.Guest {
	g, err := sdk.NewGuest(sdk.Plugin{Routes: sdk.Routes{
		"GET /entities/by-name/{kind}/{namespace}/{name}": func(context.Context, *sdk.Request) (*sdk.Response, error) {
			return sdk.NewResponse(200).Header("Content-Type", "application/json").Bytes(entity[:64]), nil
		},
	}}, nil)
	if err != nil {
		panic(err)
	}
	return g
}()

// serve runs n requests through the SDK: header, request, handler, response.
//
//go:wasmexport serve
func serve(n uint32) uint32 {
	header := abi.CallHeader{Codec: abi.CodecMsgpack, Op: abi.OpHTTPHandle, PayloadLen: uint32(len(subjects[0].msgpack)), CallID: 1}
	size := 0
	for range n {
		in := append(header.AppendTo(make([]byte, 0, abi.CallHeaderSize+len(subjects[0].msgpack))), subjects[0].msgpack...)
		size = len(guest.Handle(context.Background(), abi.OpHTTPHandle, in))
	}
	return uint32(size)
}

// spin turns a loop n times that does nothing but arithmetic, where counting
// turns shows most.
//
//go:wasmexport spin
func spin(n uint32) uint32 {
	x := uint32(2463534242)
	for range n {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	return x | 1
}
