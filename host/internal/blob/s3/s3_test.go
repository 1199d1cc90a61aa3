package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/blob/blobtest"
	"github.com/callboard/callboard/host/internal/blob/s3"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
)

// outgoing reaches one server through the host's egress, as the portal does.
func outgoing(endpoint string) *http.Client {
	target, err := url.Parse(endpoint)
	return egress.New(egress.Config{}).Client(egress.Policy{MaxRedirects: -1, MaxBytes: 8 << 20, Reach: func(u *url.URL) egress.Reach {
		if err == nil && u.Host == target.Host {
			return egress.Private
		}
		return egress.Refused
	}}).HTTPClient()
}

func bucket(t testing.TB, s blobtest.Server, name string) {
	t.Helper()
	c := awss3.New(awss3.Options{
		Region: "us-east-1", UsePathStyle: true, HTTPClient: outgoing(s.Endpoint), BaseEndpoint: aws.String(s.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, ""),
	})
	if _, err := c.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("making a bucket: %v", err)
	}
}

func backend(t testing.TB, c s3.Config) *s3.Backend {
	t.Helper()
	c.Client, c.PathStyle = outgoing(c.Endpoint), true
	b, err := s3.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestS3Backend(t *testing.T) {
	server := blobtest.StartServer(t)
	buckets := 0
	blobtest.Run(t, func(t testing.TB) blob.Backend {
		buckets++
		name := fmt.Sprintf("bucket-%d", buckets)
		bucket(t, server, name)
		b := backend(t, s3.Config{Endpoint: server.Endpoint, Bucket: name, Prefix: "callboard/blobs/", AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey})
		if err := b.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func TestObjectsLieUnderThePrefix(t *testing.T) {
	server := blobtest.StartServer(t)
	bucket(t, server, "shared")
	b := backend(t, s3.Config{Endpoint: server.Endpoint, Bucket: "shared", Prefix: "callboard/", AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey})
	name := blobtest.Name(1)
	if err := b.Write(t.Context(), name, strings.NewReader("<script>"), 8); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(server.Folder, "shared", "callboard", name[:2], name[2:]))
	if err != nil || string(got) != "<script>" {
		t.Errorf("the server keeps %q, %v", got, err)
	}
}

func TestAServerThatRefusesIsUnavailable(t *testing.T) {
	server := blobtest.StartServer(t)
	bucket(t, server, "here")
	for _, tt := range []struct {
		name   string
		config s3.Config
		says   string
	}{
		{"a wrong secret", s3.Config{Bucket: "here", AccessKeyID: server.AccessKeyID, SecretAccessKey: "wrong"}, "refuses the credentials"},
		{"a wrong key", s3.Config{Bucket: "here", AccessKeyID: "wrong", SecretAccessKey: server.SecretAccessKey}, "refuses the credentials"},
		{"no bucket", s3.Config{Bucket: "nowhere", AccessKeyID: server.AccessKeyID, SecretAccessKey: server.SecretAccessKey}, "bucket is absent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.Endpoint = server.Endpoint
			b := backend(t, tt.config)
			err := b.Write(t.Context(), blobtest.Name(1), strings.NewReader("x"), 1)
			if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), tt.says) {
				t.Errorf("Write: %v, want Unavailable: %s", err, tt.says)
			}
			if strings.Contains(fault.Message(err), server.SecretAccessKey) {
				t.Error("the message holds the secret")
			}
			if err := b.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// fake serves one answer to everything.
func fake(t testing.TB, serve http.HandlerFunc) *s3.Backend {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	return backend(t, s3.Config{Endpoint: server.URL, Bucket: "b", AccessKeyID: "a", SecretAccessKey: "s"})
}

func TestAServerThatFailsIsAskedAgain(t *testing.T) {
	var asked atomic.Int32
	var whole atomic.Bool
	b := fake(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		whole.Store(string(body) == "content")
	})
	if err := b.Write(t.Context(), blobtest.Name(1), strings.NewReader("content"), 7); err != nil || asked.Load() != 2 || !whole.Load() {
		t.Errorf("%v after %d requests, the second one whole: %v", err, asked.Load(), whole.Load())
	}
	asked.Store(0)
	full := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusInsufficientStorage)
	})
	err := full.Write(t.Context(), blobtest.Name(1), strings.NewReader("content"), 7)
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "no room left") {
		t.Errorf("a full server: %v", err)
	}
	if n := asked.Load(); n < 1 || n > 3 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnAnswerThatIsCutOffIsNoContent(t *testing.T) {
	b := fake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		if r.Method == http.MethodHead {
			return
		}
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 50))
		panic(http.ErrAbortHandler)
	})
	c, err := b.Open(t.Context(), blobtest.Name(1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if n, err := c.ReadAt(make([]byte, 100), 0); !fault.Is(err, fault.Unavailable) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	b := fake(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	if err := b.Write(t.Context(), blobtest.Name(1), strings.NewReader("x"), 1); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Write: %v", err)
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another host got %d requests with a signature", n)
	}
}

func TestTheDeadlineOfTheCallHolds(t *testing.T) {
	stop := make(chan struct{})
	b := fake(t, func(http.ResponseWriter, *http.Request) { <-stop })
	t.Cleanup(func() { close(stop) }) // before the server closes
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	if _, err := b.Open(ctx, blobtest.Name(1)); !fault.Is(err, fault.Timeout) {
		t.Errorf("Open: %v", err)
	}
}

func TestConfigurationIsWhole(t *testing.T) {
	for _, c := range []s3.Config{
		{},
		{Client: http.DefaultClient, AccessKeyID: "a", SecretAccessKey: "s"},
		{Client: http.DefaultClient, Bucket: "b", SecretAccessKey: "s"},
		{Client: http.DefaultClient, Bucket: "b", AccessKeyID: "a"},
		{Bucket: "b", AccessKeyID: "a", SecretAccessKey: "s"},
	} {
		if _, err := s3.New(c); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
