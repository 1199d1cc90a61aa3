package nethttp

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/callboard/callboard/sdk"
)

// maxBody bounds the body of a request that is sent.
const maxBody = 8 << 20

// Transport is an http.RoundTripper that sends requests through the host, as
// plugin.yaml's capability http allows:
//
//	client := http.Client{Transport: nethttp.Transport{}}
//	req, err := http.NewRequestWithContext(ctx, "GET", "https://…", nil)
//
// The request's context must be the handler's. An error is an *sdk.Error:
// Denied with MissingGrant where no target or grant covers the request.
type Transport struct {
	// Own sends with the plugin's own rights instead of the viewer's.
	Own bool
}

// RoundTrip implements http.RoundTripper. The host follows no redirect; the
// client does, and each hop is checked again. A header value may name a secret,
// see sdk.Secret; on a redirect to a host that it is not granted for that is
// Denied, so drop the field in CheckRedirect.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	fetch := sdk.FetchRequest{Method: req.Method, URL: req.URL.String(), NoRedirects: true}
	for name, values := range req.Header {
		if name == "Referer" || name == "Accept-Encoding" {
			continue // the client adds the one to redirects; the other is the host's
		}
		for _, value := range values {
			fetch.Headers = append(fetch.Headers, sdk.HeaderField{Name: name, Value: value})
		}
	}
	if req.Body != nil {
		defer req.Body.Close() //nolint:errcheck // a RoundTripper closes the body
		b, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
		if err != nil {
			return nil, err
		}
		if len(b) > maxBody {
			return nil, sdk.Invalid("the request's body is longer than %d bytes", maxBody)
		}
		fetch.Body = b
	}
	answer, err := t.door(ctx).HTTP().Fetch(fetch)
	if err != nil {
		return nil, err
	}
	resp := &http.Response{
		Status: strconv.Itoa(answer.Status) + " " + http.StatusText(answer.Status), StatusCode: answer.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: req,
		Body: &body{handle: answer.Handle, Reader: answer.Reader()}, ContentLength: -1,
	}
	for _, field := range answer.Headers {
		resp.Header.Add(field.Name, field.Value)
	}
	return resp, nil
}

func (t Transport) door(ctx context.Context) sdk.Client {
	if t.Own {
		return sdk.Own(ctx)
	}
	return sdk.Viewer(ctx)
}

// body reads a handle and gives it back when closed.
type body struct {
	io.Reader
	handle sdk.Handle
}

// Close implements io.Closer.
func (b *body) Close() error { return b.handle.Drop() }
