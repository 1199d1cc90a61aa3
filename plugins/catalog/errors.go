package main

import (
	"context"
	"errors"
	"log"
	"slices"
	"strconv"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// api answers errors as Backstage does: {error, request, response}. Clients
// read the name and message from it. As there, a parameter that the route does
// not know is an error: whoever misspells a filter would get everything.
func api(handle sdk.Handler, parameters ...string) sdk.Handler {
	return func(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
		if r.RawQuery != "" {
			for _, p := range r.Query() {
				if !slices.Contains(parameters, p.Name) {
					return errorResponse(r, sdk.Invalid("Unknown query parameter '%s'", p.Name)), nil
				}
			}
		}
		resp, err := handle(ctx, r)
		if err == nil {
			return resp, nil
		}
		return errorResponse(r, err), nil
	}
}

// errorNames are Backstage's names of the codes, with their statuses.
var errorNames = map[sdk.Code]struct {
	status int
	name   string
}{
	sdk.CodeInvalid:         {400, "InputError"},
	sdk.CodeUnauthenticated: {401, "AuthenticationError"},
	sdk.CodeDenied:          {403, "NotAllowedError"},
	sdk.CodeNotFound:        {404, "NotFoundError"},
	sdk.CodeConflict:        {409, "ConflictError"},
	sdk.CodeExhausted:       {429, "ServiceUnavailableError"},
	sdk.CodeUnavailable:     {503, "ServiceUnavailableError"},
	sdk.CodeTimeout:         {503, "ServiceUnavailableError"},
}

// message is what an error of the host says.
func message(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

func errorResponse(r *sdk.Request, err error) *sdk.Response {
	status, name, message := 500, "Error", "internal error"
	var e *sdk.Error
	if errors.As(err, &e) {
		if known, ok := errorNames[e.Code]; ok {
			status, name, message = known.status, known.name, e.Message
		}
	}
	if status == 500 {
		log.Printf("answering %s %s: %v", r.Method, r.Path, err)
	}
	url := r.Path
	if r.RawQuery != "" {
		url += "?" + r.RawQuery
	}
	b := append(make([]byte, 0, 256), `{"error":{"name":`...)
	b = rawjson.AppendQuote(b, name)
	b = append(b, `,"message":`...)
	b = rawjson.AppendQuote(b, message)
	b = append(b, `},"request":{"method":`...)
	b = rawjson.AppendQuote(b, r.Method)
	b = append(b, `,"url":`...)
	b = rawjson.AppendQuote(b, url)
	b = append(b, `},"response":{"statusCode":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, "}}"...)
	return sdk.NewResponse(status).Header("Content-Type", jsonType).Bytes(b)
}
