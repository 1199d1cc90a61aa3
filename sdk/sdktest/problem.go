package sdktest

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/callboard/callboard/sdk"
)

// statuses are the host's map of codes to HTTP.
var statuses = map[sdk.Code]int{
	sdk.CodeInvalid: 400, sdk.CodeUnauthenticated: 401, sdk.CodeDenied: 403, sdk.CodeNotFound: 404,
	sdk.CodeConflict: 409, sdk.CodeExhausted: 429, sdk.CodeInternal: 500, sdk.CodeUnavailable: 503, sdk.CodeTimeout: 504,
}

// problem is the problem+json that the host makes of an error.
func problem(err error) *Response {
	e := &sdk.Error{Code: sdk.CodeInternal, Message: "internal error"}
	errors.As(err, &e)
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(map[string]any{
		"type": "urn:callboard:problem:" + e.Code.String(), "status": statuses[e.Code], "detail": e.Message,
	})
	return &Response{
		Status: statuses[e.Code], Header: map[string]string{"Content-Type": "application/problem+json"}, Body: b.Bytes(),
	}
}
