package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/s3"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

const roleARN = "arn:aws:iam::123456789012:role/reader"

// security answers AssumeRole as STS documents it, and gives an object to what
// it gave and to nobody else. It checks no signatures: the server of TestS3
// does, and takes no session tokens.
type security struct {
	lives time.Duration
	asked atomic.Int32
}

func (s *security) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	switch {
	case q.Method == http.MethodPost:
		s.assume(w, q)
	case q.URL.Path != "/roles/a.yaml" || q.Header.Get("X-Amz-Security-Token") != "canary-session" || !strings.Contains(q.Header.Get("Authorization"), "Credential=role/"):
		http.Error(w, "not with this", http.StatusForbidden)
	default:
		_, _ = io.WriteString(w, "kind: A\n")
	}
}

func (s *security) assume(w http.ResponseWriter, q *http.Request) {
	s.asked.Add(1)
	w.Header().Set("Content-Type", "text/xml")
	if q.FormValue("Action") != "AssumeRole" || q.FormValue("RoleArn") != roleARN || q.FormValue("ExternalId") != "between us" || q.FormValue("RoleSessionName") != "callboard" ||
		!strings.Contains(q.Header.Get("Authorization"), "Credential=base/") {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>role</AccessKeyId>`+
		`<SecretAccessKey>canary-role</SecretAccessKey><SessionToken>canary-session</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		time.Now().Add(s.lives).UTC().Format(time.RFC3339))
}

// A role is assumed once with the key of configuration, again before its
// credentials end, and objects are read as it.
func TestARole(t *testing.T) {
	for _, tc := range []struct {
		name     string
		lives    time.Duration
		external string
		asked    int32
		refused  bool
	}{
		{"an hour", time.Hour, "between us", 1, false},
		{"about to end", time.Minute, "between us", 2, false},
		{"another external id", time.Hour, "guessed", 2, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			guard := &security{lives: tc.lives}
			front := httptest.NewServer(guard)
			t.Cleanup(front.Close)
			h, err := s3.New(s3.Config{
				Name: "integrations.awsS3[0]", Endpoint: front.URL, PathStyle: true, AccessKeyID: "base", SecretAccessKey: "canary-key",
				RoleARN: roleARN, ExternalID: tc.external, HTTP: sourcetest.Client(),
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				c, err := h.Read(t.Context(), source.Place{Repo: "roles", Path: "a.yaml"}, "")
				switch {
				case tc.refused && (!fault.Is(err, fault.Denied) || !strings.Contains(fault.Message(err), "STS does not give the role of integrations.awsS3[0] (AccessDenied)")):
					t.Error(err)
				case tc.refused && strings.Contains(err.Error(), "canary"):
					t.Errorf("a secret is in the error: %v", err)
				case !tc.refused && (err != nil || string(c.Data) != "kind: A\n"):
					t.Errorf("%q, %v", c.Data, err)
				}
			}
			if got := guard.asked.Load(); got != tc.asked {
				t.Errorf("STS was asked %d times, not %d", got, tc.asked)
			}
		})
	}
}

// A role needs somebody who assumes it.
func TestARoleOfNobody(t *testing.T) {
	_, err := s3.New(s3.Config{Name: "integrations.awsS3[0]", RoleARN: roleARN})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "integrations.awsS3[0] has roleArn and no accessKeyId") {
		t.Error(err)
	}
}
