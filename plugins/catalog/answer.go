package main

import (
	"strconv"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

const jsonType = "application/json; charset=utf-8"

func ok() *sdk.Response { return sdk.NewResponse(200).Header("Content-Type", jsonType) }

// document sends an answer of the catalog, between two pieces of JSON.
func document(doc sdk.Document, before, after string) *sdk.Response {
	resp := ok()
	if doc.ETag != "" {
		resp.Header("ETag", `"`+doc.ETag+`"`)
	}
	return resp.String(before).Handle(doc.Handle).String(after)
}

// page sends a page of a query: {items, totalItems, pageInfo}.
func page(p sdk.Page, empty bool) *sdk.Response {
	resp := ok()
	if empty {
		resp.String(`{"items":[]`)
	} else {
		resp.String(`{"items":`).Handle(p.Handle)
	}
	b := append(make([]byte, 0, 64+len(p.NextCursor)+len(p.PrevCursor)), `,"totalItems":`...)
	b = strconv.AppendInt(b, int64(p.TotalItems), 10)
	b = append(b, `,"pageInfo":{`...)
	if !empty {
		b = cursors(b, p)
	}
	return resp.Bytes(append(b, "}}"...))
}

func cursors(b []byte, p sdk.Page) []byte {
	if p.NextCursor != "" {
		b = append(b, `"nextCursor":`...)
		b = rawjson.AppendQuote(b, p.NextCursor)
	}
	if p.PrevCursor != "" {
		if p.NextCursor != "" {
			b = append(b, ',')
		}
		b = append(b, `"prevCursor":`...)
		b = rawjson.AppendQuote(b, p.PrevCursor)
	}
	return b
}
