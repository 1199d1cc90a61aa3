package replay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// message is a pointer to a contract type.
type message interface {
	msgp.Marshaler
	msgp.Unmarshaler
}

// shape is the contract of one operation. A nil function: no payload.
type shape struct {
	name            string
	request, answer func() message
}

func of[T any, P interface {
	*T
	message
}]() message {
	return P(new(T))
}

// guestOps are the operations of a guest by number.
var guestOps = map[abi.Op]shape{
	abi.OpDescribe:      {request: nil, answer: of[contract.Description]},
	abi.OpHTTPHandle:    {request: of[contract.HTTPRequest], answer: of[contract.HTTPResponse]},
	abi.OpEntityProcess: {request: of[contract.ProcessRequest], answer: of[contract.ProcessReply]},
	abi.OpHealth:        {request: of[contract.Health], answer: of[contract.Health]},
}

// operation is one operation of a capability.
type operation struct {
	capability abi.Capability
	op         uint32
}

// hostOps are the operations of the capabilities. What is missing here is
// written as bytes, and named by its number.
var hostOps = map[operation]shape{
	{abi.CapHandle, abi.HandleCreate}: {"handle.create/1", of[contract.HandleCreateRequest], of[contract.HandleInfo]},
	{abi.CapHandle, abi.HandleStat}:   {"handle.stat/1", of[contract.HandleRequest], of[contract.HandleInfo]},
	{abi.CapHandle, abi.HandleDrop}:   {"handle.drop/1", of[contract.HandleRequest], nil},

	{abi.CapCatalog, abi.CatalogGet}:     {"catalog.get/1", of[contract.CatalogGetRequest], of[contract.CatalogHandle]},
	{abi.CapCatalog, abi.CatalogQuery}:   {"catalog.query/1", of[contract.CatalogQueryRequest], of[contract.CatalogQueryAnswer]},
	{abi.CapCatalog, abi.CatalogFacets}:  {"catalog.facets/1", of[contract.CatalogFacetsRequest], of[contract.CatalogHandle]},
	{abi.CapCatalog, abi.CatalogByRefs}:  {"catalog.by-refs/1", of[contract.CatalogByRefsRequest], of[contract.CatalogHandle]},
	{abi.CapCatalog, abi.CatalogLocList}: {"catalog.locations/1", of[contract.CatalogLocationsRequest], of[contract.CatalogHandle]},

	{abi.CapKV, abi.KVGet}:    {"kv.get/1", of[contract.KVGetRequest], of[contract.KVEntry]},
	{abi.CapKV, abi.KVSet}:    {"kv.set/1", of[contract.KVSetRequest], of[contract.KVEntry]},
	{abi.CapKV, abi.KVDelete}: {"kv.delete/1", of[contract.KVDeleteRequest], nil},
	{abi.CapKV, abi.KVScan}:   {"kv.scan/1", of[contract.KVScanRequest], of[contract.KVScanAnswer]},
	{abi.CapKV, abi.KVBatch}:  {"kv.batch/1", of[contract.KVBatchRequest], nil},

	{abi.CapRender, abi.RenderMarkdown}: {"render.markdown/1", of[contract.RenderRequest], of[contract.RenderAnswer]},
	{abi.CapRender, abi.RenderYAML}:     {"render.yaml/1", of[contract.RenderRequest], of[contract.RenderAnswer]},
	{abi.CapRender, abi.RenderJSON}:     {"render.json/1", of[contract.RenderJSONRequest], of[contract.RenderJSONAnswer]},
	{abi.CapRender, abi.RenderValidate}: {"render.validate/1", of[contract.RenderValidateRequest], of[contract.RenderValidateAnswer]},
	{abi.CapRender, abi.RenderHTML}:     {"render.html/1", of[contract.RenderRequest], of[contract.RenderAnswer]},
	{abi.CapRender, abi.RenderDiff}:     {"render.diff/1", of[contract.RenderDiffRequest], of[contract.RenderAnswer]},

	{abi.CapHTTP, abi.HTTPFetch}:           {"http.fetch/1", of[contract.HTTPFetchRequest], of[contract.HTTPFetchAnswer]},
	{abi.CapConfig, abi.ConfigGet}:         {"config.get/1", nil, of[contract.ConfigAnswer]},
	{abi.CapLog, abi.LogEmit}:              {"log.emit/1", of[contract.LogRecord], nil},
	{abi.CapClock, abi.ClockNow}:           {"clock.now/1", nil, of[contract.ClockAnswer]},
	{abi.CapIdentity, abi.IdentityCurrent}: {"identity.current/1", nil, of[contract.IdentityAnswer]},
}

// OperationName returns the documented name of a capability's operation, and
// for one that this version does not know its number: "kv 9/1".
func OperationName(capability abi.Capability, op uint32) string {
	if s, ok := hostOps[operation{capability, op}]; ok {
		return s.name
	}
	return fmt.Sprintf("%s %d/%d", capability, op>>8, op&0xff)
}

// toJSON returns a payload as JSON if the JSON makes the very same payload
// again, and nil if it does not.
func toJSON(make func() message, payload []byte) json.RawMessage {
	if make == nil || len(payload) == 0 {
		return nil
	}
	v := make()
	if rest, err := v.UnmarshalMsg(payload); err != nil || len(rest) > 0 {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	if again, err := fromJSON(make, text); err != nil || !bytes.Equal(again, payload) {
		return nil
	}
	return text
}

// fromJSON is the inverse of toJSON.
func fromJSON(make func() message, text json.RawMessage) ([]byte, error) {
	if make == nil {
		return nil, fmt.Errorf("has JSON where no type is known")
	}
	v := make()
	if err := json.Unmarshal(text, v); err != nil {
		return nil, err
	}
	return v.MarshalMsg(nil)
}
