package nethttp

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/callboard/callboard/sdk"
)

// Handler makes an sdk.Handler of an http.Handler. The request's context is
// the call's, its path is below /api/<plugin id>, and path parameters are in
// PathValue. The response is held in memory until the handler returns.
func Handler(h http.Handler) sdk.Handler {
	return func(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
		req, err := request(ctx, r)
		if err != nil {
			return nil, err
		}
		w := &recorder{header: http.Header{}}
		h.ServeHTTP(w, req)
		return w.response(), nil
	}
}

func request(ctx context.Context, r *sdk.Request) (*http.Request, error) {
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + r.RawQuery
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, sdk.Invalid("the request's address is not one: %w", err)
	}
	body := r.BodyReader()
	req := (&http.Request{
		Method: r.Method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1,
	}).WithContext(ctx)
	for name, value := range r.Headers {
		req.Header.Add(name, value)
	}
	for name, value := range r.Params {
		req.SetPathValue(name, value)
	}
	return req, nil
}

// recorder is an http.ResponseWriter in memory.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter; the first call counts.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *recorder) response() *sdk.Response {
	w.WriteHeader(http.StatusOK)
	resp := sdk.NewResponse(w.status)
	if w.header.Get("Content-Type") == "" && w.body.Len() > 0 {
		w.header.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	for name, values := range w.header {
		for i, value := range values {
			if i == 0 {
				resp.Header(name, value)
			} else {
				resp.AddHeader(name, value)
			}
		}
	}
	return resp.Bytes(w.body.Bytes())
}
