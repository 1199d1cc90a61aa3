package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/nethttp"
	"github.com/callboard/callboard/sdk/sdklog"
	"github.com/callboard/callboard/sdk/sdktest"
)

func route(h sdk.Handler) sdk.Plugin {
	return sdk.Plugin{Routes: sdk.Routes{"GET /x": h, "POST /x": h, "GET /x/{name}": h}}
}

func TestErrorsDecideTheStatus(t *testing.T) {
	for _, tc := range []struct {
		name   string
		err    error
		status int
		detail string
	}{
		{"not found", sdk.NotFound("no ship %q", "Argo"), 404, `no ship \"Argo\"`},
		{"wrapped", errors.Join(errors.New("x"), sdk.Conflict("changed meanwhile")), 409, "changed meanwhile"},
		{"invalid", sdk.Invalid("bad"), 400, "bad"},
		{"denied", sdk.Denied("not you"), 403, "not you"},
		{"unavailable", sdk.Unavailable("later"), 503, "later"},
		{"without a code", errors.New("secret detail"), 500, "internal error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := sdktest.New(t, route(func(context.Context, *sdk.Request) (*sdk.Response, error) { return nil, tc.err }))
			got := h.Get("/x")
			if got.Status != tc.status || !strings.Contains(string(got.Body), tc.detail) || strings.Contains(string(got.Body), "secret") {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
			logged := len(h.Log()) == 1 && strings.Contains(h.Log()[0].Message, "secret detail")
			if logged != (tc.status == 500) {
				t.Errorf("log = %v", h.Log())
			}
		})
	}
}

func TestARequestArrivesWhole(t *testing.T) {
	big := strings.Repeat("x", 100<<10)
	h := sdktest.New(t, sdk.Plugin{Routes: sdk.Routes{"POST /ships/{name}/{rest...}": func(_ context.Context, r *sdk.Request) (*sdk.Response, error) {
		b, err := r.Body()
		if err != nil {
			return nil, err
		}
		q := r.Query()
		return sdk.Text(201, strings.Join([]string{
			r.Method, r.Route, r.Param("name"), r.Param("rest"), r.Header("x-a"), q.Get("b"), strings.Join(q.All("c"), "+"),
		}, "|")).Header("X-Len", string(rune('0'+len(b)/len(big)))), nil
	}}})
	got := h.Do("POST", "/ships/Argo%20II/a/b?b=%C3%A9+1&c=1&c=2", []byte(big), "X-A", "v")
	if want := "POST|/ships/{name}/{rest...}|Argo II|a/b|v|é 1|1+2"; string(got.Body) != want || got.Status != 201 || got.Header["X-Len"] != "1" {
		t.Errorf("got %d %q %v", got.Status, got.Body, got.Header)
	}
	if got := h.Get("/none"); got.Status != 404 {
		t.Errorf("an unknown route answers %d", got.Status)
	}
}

func TestADeniedCapabilityNamesTheGrant(t *testing.T) {
	h := sdktest.New(t, route(func(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
		_, err := sdk.Viewer(ctx).KV().Get("k")
		var e *sdk.Error
		if !errors.As(err, &e) || e.MissingGrant != "kv" || e.Op != "kv.get/1" {
			t.Errorf("err = %#v", err)
		}
		return nil, err
	}), sdktest.Grant("catalog"))
	if got := h.Get("/x"); got.Status != 403 {
		t.Errorf("status = %d", got.Status)
	}
}

func TestOwnHandlesDoNotReachAViewer(t *testing.T) {
	h := sdktest.New(t, route(func(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
		p, err := sdk.Own(ctx).Catalog().Query(sdk.CatalogQuery{})
		if err != nil {
			return nil, err
		}
		return sdk.NewResponse(200).Handle(p.Handle), nil
	}), sdktest.GrantOwn())
	if got := h.Get("/x"); got.Status != 403 {
		t.Errorf("status = %d", got.Status)
	}
}

func TestConfigNamesTheKey(t *testing.T) {
	type settings struct {
		Greeting string `json:"greeting"`
		Limits   struct {
			Per int `json:"per"`
		} `json:"limits"`
	}
	for _, tc := range []struct{ name, json, want string }{
		{"fits", `{"greeting":"Ahoy","limits":{"per":3}}`, ""},
		{"wrong type", `{"limits":{"per":"three"}}`, `configuration key "limits.per" must be int, found string`},
		{"unknown key", `{"greting":"Ahoy"}`, `configuration key "greting" is not known to this plugin`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := sdktest.New(t, route(func(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
				s, err := sdk.Config[settings](ctx)
				if err != nil {
					return nil, err
				}
				return sdk.Text(200, s.Greeting), nil
			}), sdktest.ConfigJSON(tc.json))
			got := h.Get("/x")
			if tc.want == "" && string(got.Body) != "Ahoy" || !strings.Contains(strings.ReplaceAll(string(got.Body), `\"`, `"`), tc.want) {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
	}
}

func TestContextCarriesTheCall(t *testing.T) {
	h := sdktest.New(t, route(func(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
		deadline, ok := ctx.Deadline()
		if !ok || time.Until(deadline) <= 0 || ctx.Err() != nil {
			t.Errorf("deadline %v, %v, err %v", deadline, ok, ctx.Err())
		}
		derived, cancel := context.WithCancel(ctx)
		cancel()
		<-derived.Done()
		if sdk.Trace(derived).CallID == 0 {
			t.Error("a derived context lost the call")
		}
		if _, err := sdk.Clock(derived).Now(); err != nil {
			t.Error(err)
		}
		if _, err := sdk.Clock(context.Background()).Now(); sdk.CodeOf(err) != sdk.CodeInternal {
			t.Errorf("a foreign context: %v", err)
		}
		sdklog.New(ctx).With("a", 1).WithGroup("g").Warn("careful", "b", "two")
		return sdk.NewResponse(204), nil
	}))
	if got := h.Get("/x"); got.Status != 204 {
		t.Errorf("status = %d: %s", got.Status, got.Body)
	}
	log := h.Log()
	if len(log) != 1 || log[0].Level != abi.LevelWarn || log[0].Attrs["a"] != "1" || log[0].Attrs["g.b"] != "two" {
		t.Errorf("log = %+v", log)
	}
}

func TestNetHTTPBothWays(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := http.Client{Transport: nethttp.Transport{}}
		req, err := http.NewRequestWithContext(r.Context(), "GET", "https://example.com/"+r.PathValue("name"), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			var e *sdk.Error
			if errors.As(err, &e) {
				http.Error(w, e.Message, http.StatusBadGateway)
			}
			return
		}
		defer resp.Body.Close()
		w.Header().Set("X-Seen", r.URL.Query().Get("q"))
		w.WriteHeader(resp.StatusCode)
	})
	p := route(nethttp.Handler(handler))
	h := sdktest.New(t, p, sdktest.Fetch(func(r sdk.FetchRequest) (int, []byte, error) {
		if r.URL != "https://example.com/argo" {
			t.Errorf("url = %s", r.URL)
		}
		return 202, []byte("ok"), nil
	}))
	if got := h.Get("/x/argo?q=1"); got.Status != 202 || got.Header["X-Seen"] != "1" {
		t.Errorf("got %d %v", got.Status, got.Header)
	}
	closed := sdktest.New(t, p)
	if got := closed.Get("/x/argo"); got.Status != 502 || !strings.Contains(string(got.Body), "no target of http") {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

func TestRoutesAreCheckedWhenRegistered(t *testing.T) {
	for _, pattern := range []string{"/x", "GET x", "GET", " /x"} {
		_, err := sdk.NewGuest(sdk.Plugin{Routes: sdk.Routes{pattern: func(context.Context, *sdk.Request) (*sdk.Response, error) { return nil, nil }}}, nil)
		if err == nil {
			t.Errorf("%q was accepted", pattern)
		}
	}
}

func TestProvidersRunByName(t *testing.T) {
	h := sdktest.New(t, sdk.Plugin{Providers: sdk.Providers{
		"good": func(ctx context.Context) (string, error) { return "3 entities", ctx.Err() },
		"bad":  func(context.Context) (string, error) { return "", sdk.Unavailable("the source does not answer") },
	}})
	if message, err := h.Provide("good"); err != nil || message != "3 entities" {
		t.Errorf("%q, %v", message, err)
	}
	if _, err := h.Provide("bad"); sdk.CodeOf(err) != sdk.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if _, err := h.Provide("none"); sdk.CodeOf(err) != sdk.CodeNotFound {
		t.Errorf("%v", err)
	}
}
