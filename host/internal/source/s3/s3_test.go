package s3_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/callboard/callboard/host/internal/blob/blobtest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/s3"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

// The suite runs against versitygw, which checks signatures.
func TestS3(t *testing.T) {
	server := blobtest.StartServer(t)
	outgoing := sourcetest.Client()
	admin := awss3.New(awss3.Options{
		Region: "us-east-1", UsePathStyle: true, HTTPClient: outgoing, BaseEndpoint: aws.String(server.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(server.AccessKeyID, server.SecretAccessKey, ""),
	})
	put := func(t *testing.T, bucket, key, text string) {
		t.Helper()
		if _, err := admin.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
	host := func(t *testing.T, id, secret string) *s3.Host {
		t.Helper()
		h, err := s3.New(s3.Config{Name: "integrations.awsS3[0]", Endpoint: server.Endpoint, PathStyle: true, AccessKeyID: id, SecretAccessKey: secret, HTTP: outgoing})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	buckets := 0
	sourcetest.Run(t, func(t *testing.T) sourcetest.Subject {
		buckets++
		bucket := fmt.Sprintf("source-%d", buckets)
		if _, err := admin.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
		for path, text := range sourcetest.Files {
			put(t, bucket, path, text)
		}
		return sourcetest.Subject{
			Host: host(t, server.AccessKeyID, server.SecretAccessKey), Anonym: host(t, "", ""), Wrong: host(t, server.AccessKeyID, "wrong"),
			Place: source.Place{Repo: bucket}, Change: func(t *testing.T) { put(t, bucket, "catalog-info.yaml", "kind: Changed\n") },
		}
	})
}

// The places that URLs of AWS and of other servers name.
func TestURLs(t *testing.T) {
	amazon, err := s3.New(s3.Config{Name: "integrations.awsS3[0]"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := s3.New(s3.Config{Name: "integrations.awsS3[1]", Endpoint: "https://minio.example.com:9000"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		host *s3.Host
		text string
		want source.Place
		ok   bool
	}{
		{amazon, "https://bucket.s3.eu-west-1.amazonaws.com/a/b.yaml", source.Place{Repo: "bucket", RefType: "eu-west-1", Path: "a/b.yaml"}, true},
		{amazon, "https://s3.eu-west-1.amazonaws.com/bucket/a/b.yaml", source.Place{Repo: "bucket", RefType: "eu-west-1", Path: "a/b.yaml"}, true},
		{amazon, "https://my.bucket.s3.amazonaws.com/b.yaml", source.Place{Repo: "my.bucket", Path: "b.yaml"}, true},
		{amazon, "https://s3.amazonaws.com.evil.example/bucket/b.yaml", source.Place{}, false},
		{amazon, "http://bucket.s3.eu-west-1.amazonaws.com/b.yaml", source.Place{}, false},
		{amazon, "https://ec2.eu-west-1.amazonaws.com/b.yaml", source.Place{}, false},
		{other, "https://bucket.minio.example.com:9000/b.yaml", source.Place{Repo: "bucket", Path: "b.yaml"}, true},
		{other, "https://minio.example.com:9000/bucket/b.yaml", source.Place{Repo: "bucket", Path: "b.yaml"}, true},
		{other, "https://evil-minio.example.com:9000/bucket/b.yaml", source.Place{}, false},
	} {
		u, err := url.Parse(tc.text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := tc.host.Parse(u); ok != tc.ok || got != tc.want {
			t.Errorf("%s is %+v, %v", tc.text, got, ok)
		}
	}
}

func TestHalfACredentialIsRefused(t *testing.T) {
	_, err := s3.New(s3.Config{Name: "integrations.awsS3[0]", AccessKeyID: "only"})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "integrations.awsS3[0]") {
		t.Error(err)
	}
}
