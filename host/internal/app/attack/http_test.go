package attack_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestHostConfusion(t *testing.T) {
	p := portal(t)
	here := address(p)
	for _, tc := range []struct {
		name, target, fields string
		status               int
	}{
		{"ours", goodPath, "Host: " + here, 200},
		{"upper case", goodPath, "Host: LOCALHOST:7007", 200},
		{"IPv6", goodPath, "Host: [::1]:7007", 200},
		{"a rebound name", goodPath, "Host: evil.example.com", 421},
		{"a rebound name with our address in the target and a colon in the query", "//" + here + goodPath + "?x=://", "Host: evil.example.com", 400},
		{"a rebound name with an absolute target", "http://" + here + goodPath, "Host: evil.example.com", 400},
		{"an absolute target of another host", "http://evil.example.com" + goodPath, "Host: " + here, 400},
		{"user information before our address", goodPath, "Host: evil.example.com@" + here, 421},
		{"our address as user information", goodPath, "Host: " + here + "@evil.example.com", 421},
		{"percent-encoding", goodPath, "Host: 127.0.0.%31", 421},
		{"a dot at the end", goodPath, "Host: localhost.:7007", 421},
		{"a name that begins like ours", goodPath, "Host: 127.0.0.1.example.com", 421},
		{"a port that is none", goodPath, "Host: 127.0.0.1:80; script-src *", 421},
		{"two ports", goodPath, "Host: 127.0.0.1:7007:80", 421},
		{"short notation", goodPath, "Host: 2130706433", 421},
		{"octal notation", goodPath, "Host: 0177.0.0.1", 421},
		{"unspecified", goodPath, "Host: 0.0.0.0", 421},
		{"mapped into IPv6, of others", goodPath, "Host: [::ffff:203.0.113.5]", 421},
		{"two hosts, the second ours", goodPath, "Host: evil.example.com\r\nHost: " + here, 400},
		{"two hosts, the first ours", goodPath, "Host: " + here + "\r\nHost: evil.example.com", 400},
		{"none", goodPath, "Accept: */*", 400},
		{"an empty one", goodPath, "Host:", 421},
		{"X-Forwarded-Host of ours", goodPath, "Host: evil.example.com\r\nX-Forwarded-Host: " + here, 421},
		{"X-Forwarded-Host of others", goodPath, "Host: " + here + "\r\nX-Forwarded-Host: evil.example.com\r\nForwarded: host=evil.example.com", 200},
		{"folded", goodPath, "Host: evil.example.com\r\n " + here, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := one(t, p, "GET "+tc.target+" HTTP/1.1\r\n"+tc.fields+"\r\nConnection: close\r\n\r\n")
			if a.StatusCode != tc.status {
				t.Fatalf("%s, want %d", a, tc.status)
			}
			if tc.status != http.StatusOK {
				inert(t, a)
			}
			if strings.Contains(a.Header.Get("Content-Security-Policy")+a.Header.Get("Location"), "evil") {
				t.Errorf("the other host is in the headers: %v", a.Header)
			}
		})
	}
	stillServes(t, p)
}

// What is behind an ambiguous request on the same connection must not be run.
func TestRequestSmuggling(t *testing.T) {
	p := portal(t)
	host := "Host: " + address(p) + "\r\n"
	behind := "GET /api/app/info HTTP/1.1\r\n" + host + "\r\n"
	for _, tc := range []struct {
		name, request string
		status        int
	}{
		{"length and chunks", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"chunks and length", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n", 400},
		{"two lengths", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 400},
		{"two equal lengths", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
		{"a list of lengths", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 0, 5\r\n\r\n", 400},
		{"a signed length", "POST /x HTTP/1.1\r\n" + host + "Content-Length: +0\r\n\r\n", 400},
		{"a negative length", "POST /x HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
		{"a length in hex", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 0x0\r\n\r\n", 400},
		{"a length that overflows", "POST /x HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
		{"identity beside a length", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n", 400},
		{"an unknown coding", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
		{"two codings", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
		{"chunks twice", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400},
		{"a tab before the coding", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding:\tchunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n", 400},
		{"a space before the colon", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n", 400},
		{"a control character in the name", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding\x0b: chunked\r\nContent-Length: 0\r\n\r\n", 400},
		{"a line that ends in LF only", "POST /x HTTP/1.1\r\n" + host + "X: a\nContent-Length: 0\r\n\r\n", 400},
		{"a CR within a line", "POST /x HTTP/1.1\r\n" + host + "X: a\rContent-Length: 5\r\n\r\n", 400},
		{"NUL in a value", "POST /x HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n", 400},
		{"a folded line", "POST /x HTTP/1.1\r\n" + host + "X: a\r\n Content-Length: 5\r\n\r\n", 400},
		{"chunks in HTTP/1.0", "POST /x HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"a version that does not exist", "GET /x HTTP/3.7\r\n" + host + "Connection: keep-alive\r\n\r\n", 505},
		{"a chunk size that is none", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
		{"a negative chunk size", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 400},
		{"a chunk size that overflows", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n", 400},
		{"a chunk longer than it says", "POST /x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", 400},
		{"a line end inside of a chunk extension", "POST /api/catalog/nope HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n", 404},
		{"chunks as they should be", "POST /api/catalog/nope HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := raw(t, p, tc.request+behind, 2)
			if len(all) != 1 {
				t.Fatalf("%d answers: %v", len(all), all)
			}
			if all[0].StatusCode != tc.status {
				t.Errorf("%s, want %d", all[0], tc.status)
			}
			inert(t, all[0])
		})
	}
	// The same connection goes on where there is no doubt.
	if all := raw(t, p, "GET "+goodPath+" HTTP/1.1\r\n"+host+"\r\n"+behind, 2); len(all) != 2 || all[1].StatusCode != 200 {
		t.Errorf("pipelined: %v", all)
	}
	stillServes(t, p)
}

func TestOversizedRequests(t *testing.T) {
	p := portal(t)
	host := "Host: " + address(p) + "\r\n"
	long := strings.Repeat("a", 64<<10)
	for _, tc := range []struct {
		name, request string
		status        int
	}{
		{"a field", "GET / HTTP/1.1\r\n" + host + "X: " + long + "\r\n\r\n", 431},
		{"many fields", "GET / HTTP/1.1\r\n" + host + strings.Repeat("X: abcdefgh\r\n", 5000) + "\r\n", 431},
		{"the target", "GET /" + long + " HTTP/1.1\r\n" + host + "\r\n", 431},
		{"a body that says so", "POST /api/app/session HTTP/1.1\r\n" + host + "Content-Length: 10485761\r\n\r\n", 413},
		{"a body beyond all bounds", "POST /api/app/session HTTP/1.1\r\n" + host + "Content-Length: 9000000000000000\r\n\r\n", 413},
		{"a chunk", "POST /api/app/session HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n", 413},
		{"chunks", "POST /api/app/session HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" +
			strings.Repeat("100000\r\n"+strings.Repeat("a", 1<<20)+"\r\n", 11) + "0\r\n\r\n", 413},
		{"a compressed body", "POST /api/app/session HTTP/1.1\r\n" + host + "Content-Encoding: gzip\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 415},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := one(t, p, tc.request)
			if a.StatusCode != tc.status {
				t.Fatalf("%s, want %d", a, tc.status)
			}
			inert(t, a)
			if a.Header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
			stillServes(t, p)
		})
	}
}

// Who asks the catalog reads an error by the name that Backstage gives it.
func TestATooLargeBodyForTheCatalog(t *testing.T) {
	p := portal(t)
	a := one(t, p, "POST /api/catalog/entities/by-query HTTP/1.1\r\nHost: "+address(p)+"\r\nContent-Type: application/json\r\nContent-Length: 10485761\r\n\r\n")
	if a.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(a.body, `"error":{"name":"PayloadTooLargeError"`) || !strings.Contains(a.body, `"response":{"statusCode":413}`) {
		t.Errorf("%s", a)
	}
	inert(t, a)
}

// The parser's own words quote its buffer, where the next request may lie.
func TestARefusalQuotesNothing(t *testing.T) {
	p := portal(t)
	for _, request := range []string{
		"GET / HTTP/1.1\r\nno colon here\r\nCookie: canary\r\n\r\n",
		"canary\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: canary\r\n\r\n",
	} {
		a := one(t, p, request)
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s", a)
		}
		inert(t, a)
	}
}

func TestPathTricks(t *testing.T) {
	p := portal(t)
	for _, tc := range []struct {
		path   string
		status int
	}{
		{"/api//catalog/entities", 404},
		{"/api/%63atalog/entities", 404},
		{"/api/Catalog/entities", 404},
		{"/API/catalog/../nope/entities", 200}, // a page of the app: the UI's router says not found
		{"/api/catalog/..%2f..%2fplugins", 404},
		{"/api/catalog/../plugins", 404},
		{"/api/catalog;x=1/entities", 404},
		{"/api/catalog%00/entities", 404},
		{"/api/catalog%2fentities", 404},
		{"/api/cat\u00e1log/entities", 404},
		{"/api/plugins%2fcatalog", 404},
		{"/api/plugins/..%2fcatalog", 404},
		{"/api/catalog/entities/by-name/component/default/good%00", 404},
		{"/api/catalog/entities/by-name/component/default/..%2fgood", 404},
		{"/api/catalog/entities/by-name/component/default%2fgood", 404},
		{"/api/catalog/entities/by-name/component/default/%ff%fe", 404},
		{"/api/catalog/entities/by-name/component/default/%zz", 404},
		{"/api/catalog/entities/by-name/component/default/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404},
		{"/api/catalog/entities/by-uid/..%2f..%2fentities", 404},
		{"/api/<script>alert(1)</script>", 404},
		{"/assets/../index.html", 404},
		{"/assets/..%2f..%2f..%2fetc%2fpasswd", 404},
		{"/assets/%2e%2e/%2e%2e/etc/passwd", 404},
		{"/assets/....//....//etc/passwd", 404},
		{"/assets/..\\..\\etc\\passwd", 404},
		{"/assets/<script>alert(1)</script>.js", 404},
	} {
		t.Run(strings.ReplaceAll(tc.path, "/", "|"), func(t *testing.T) {
			a := one(t, p, "GET "+tc.path+" HTTP/1.1\r\nHost: "+address(p)+"\r\nConnection: close\r\n\r\n")
			if a.StatusCode != tc.status && a.StatusCode != 503 { // 503: built without the UI
				t.Fatalf("%s, want %d", a, tc.status)
			}
			if strings.Contains(a.body, "root:") {
				t.Error("a file of the machine is served")
			}
			if tc.status != http.StatusOK {
				inert(t, a)
			}
		})
	}
	stillServes(t, p)
}

func TestMethods(t *testing.T) {
	p := portal(t)
	send := func(method, path, fields string) answer {
		t.Helper()
		return one(t, p, method+" "+path+" HTTP/1.1\r\nHost: "+address(p)+"\r\n"+fields+"Connection: close\r\n\r\n")
	}
	if a := send("HEAD", goodPath, ""); a.StatusCode != 200 || a.body != "" {
		t.Errorf("HEAD: %s", a)
	}
	for _, method := range []string{"TRACE", "OPTIONS", "DELETE", "PATCH"} {
		a := send(method, "/api/app/session", "Cookie: canary\r\nOrigin: http://evil.example.com\r\nAccess-Control-Request-Method: POST\r\n")
		if a.StatusCode < 400 || strings.Contains(a.body, "canary") {
			t.Errorf("%s: %s", method, a)
		}
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: another origin is let in by %s", method, name)
			}
		}
	}
	if a := send("CONNECT", "evil.example.com:443", ""); a.StatusCode != 400 {
		t.Errorf("CONNECT: %s", a)
	}
	if a := send("<script>", "/", ""); a.StatusCode != 400 || strings.Contains(a.body, "script") {
		t.Errorf("a method that is none: %s", a)
	}
	// A header does not make a read a write, nor another resource.
	for _, fields := range []string{
		"X-HTTP-Method-Override: DELETE\r\n", "X-HTTP-Method: POST\r\n", "X-Method-Override: POST\r\n",
		"X-Original-URL: /api/plugins\r\n", "X-Rewrite-URL: /api/plugins\r\n",
	} {
		if a := send("GET", goodPath, fields); a.StatusCode != 200 || !strings.Contains(a.body, `"name":"good"`) {
			t.Errorf("%s: %s", fields, a)
		}
	}
}

func TestForgery(t *testing.T) {
	p := portal(t)
	const body = `{"persona":"user:default/robin"}`
	here := address(p)
	for _, tc := range []struct {
		name   string
		fields map[string]string
		status int
	}{
		{"a program", map[string]string{"Content-Type": "application/json"}, 200},
		{"our page", map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", "Origin": "http://" + here}, 200},
		{"our page, older browser", map[string]string{"Content-Type": "application/json", "Origin": "http://" + here}, 200},
		{"a form", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415},
		{"a form that says it is text", map[string]string{"Content-Type": "text/plain"}, 415},
		{"another site", map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, 403},
		{"another port of this machine", map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, 403},
		{"another port, older browser", map[string]string{"Content-Type": "application/json", "Origin": "http://127.0.0.1:1"}, 403},
		{"a name that begins like ours", map[string]string{"Content-Type": "application/json", "Origin": "http://" + here + ".example.com"}, 403},
		{"ours as user information", map[string]string{"Content-Type": "application/json", "Origin": "http://" + here + "@evil.example.com"}, 403},
		{"another scheme that a header agrees with", map[string]string{"Content-Type": "application/json", "Origin": "https://" + here, "X-Forwarded-Proto": "https"}, 403},
		{"a sandboxed frame", map[string]string{"Content-Type": "application/json", "Origin": "null"}, 403},
		{"a bookmark", map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "none"}, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, got := p.Do(http.MethodPost, "/api/app/session", body, tc.fields)
			if res.StatusCode != tc.status {
				t.Fatalf("%d %s, want %d", res.StatusCode, got, tc.status)
			}
			if tc.status != http.StatusOK && res.Header.Get("Set-Cookie") != "" {
				t.Error("a refusal sets a cookie")
			}
		})
	}
}

func TestNothingIsReflected(t *testing.T) {
	p := portal(t)
	const evil = "evil.example.com"
	for _, path := range []string{"/", "/nope", "/api/nope", "/api/app/session", goodPath, "/openapi.json", "/assets/nope.js"} {
		a := one(t, p, "GET "+path+" HTTP/1.1\r\nHost: "+address(p)+"\r\nOrigin: http://"+evil+"\r\nX-Forwarded-Proto: "+evil+
			"\r\nX-Url-Scheme: "+evil+"\r\nX-Forwarded-For: "+evil+"\r\nX-Request-Id: "+evil+" x\r\nIf-None-Match: \""+evil+"\"\r\nReferer: http://"+evil+
			"\r\nAccept: text/"+evil+"\r\nTraceparent: "+evil+"\r\nConnection: close\r\n\r\n")
		for name, values := range a.Header {
			if strings.Contains(strings.Join(values, " "), evil) {
				t.Errorf("%s: %s: %v", path, name, values)
			}
		}
		if strings.Contains(a.body, evil) {
			t.Errorf("%s: %s", path, a.body)
		}
		switch control := a.Header.Get("Cache-Control"); {
		case strings.Contains(control, "no-store"), strings.Contains(control, "no-cache"):
		default:
			t.Errorf("%s may be kept by caches: %q", path, control)
		}
	}
	for _, id := range []string{"short", strings.Repeat("a", 65), "12345678\t", "1234567\u00e9", "<script>x</script>"} {
		a := one(t, p, "GET /api/nope HTTP/1.1\r\nHost: "+address(p)+"\r\nX-Request-Id: "+id+"\r\nConnection: close\r\n\r\n")
		if got := a.Header.Get("X-Request-Id"); got == strings.TrimSpace(id) && strings.TrimSpace(id) != "12345678" || len(got) < 8 {
			t.Errorf("request id %q was taken as %q", id, got)
		}
	}
}

var nonce = regexp.MustCompile(`'nonce-([^']+)'`)

func TestANonceIsUsedOnce(t *testing.T) {
	p := portal(t)
	if res, _ := p.Get("/"); res.StatusCode == http.StatusServiceUnavailable {
		t.Skip("built without the UI")
	}
	seen := map[string]bool{}
	for range 200 {
		res, _ := p.Get("/catalog")
		m := nonce.FindStringSubmatch(res.Header.Get("Content-Security-Policy"))
		if m == nil || len(m[1]) < 22 || seen[m[1]] {
			t.Fatalf("policy %q", res.Header.Get("Content-Security-Policy"))
		}
		seen[m[1]] = true
		if strings.Contains(res.Header.Get("Content-Security-Policy"), "unsafe") {
			t.Fatal("the policy is lax")
		}
	}
}
