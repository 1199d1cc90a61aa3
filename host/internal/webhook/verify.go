package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// verify holds a delivery against its topic's secrets.
//
// GitHub and Gitea sign the body: X-Hub-Signature-256 is "sha256=" and its
// HMAC in hexadecimal, Gitea's own X-Gitea-Signature the HMAC alone
// (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
// GitLab sends its secret as X-Gitlab-Token
// (https://docs.gitlab.com/user/project/integrations/webhooks/).
func verify(t Topic, header func(string) string, body []byte) error {
	if t.Name == "gitlab" {
		return compare(t, "X-Gitlab-Token", header("X-Gitlab-Token"), func(secret, given string) bool {
			a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(given)) // of equal length
			return subtle.ConstantTimeCompare(a[:], b[:]) == 1
		})
	}
	name, given := "X-Hub-Signature-256", strings.TrimPrefix(header("X-Hub-Signature-256"), "sha256=")
	if own := header("X-Gitea-Signature"); t.Name == "gitea" && given == "" {
		name, given = "X-Gitea-Signature", own
	}
	return compare(t, name, given, func(secret, given string) bool {
		claimed, err := hex.DecodeString(given)
		if err != nil {
			return false
		}
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write(body) // never fails
		return hmac.Equal(mac.Sum(nil), claimed)
	})
}

func compare(t Topic, name, given string, equal func(secret, given string) bool) error {
	if given == "" {
		return fault.New(fault.Unauthenticated, "the delivery has no %s: set the secret of the webhook to that of events.modules.%s", name, t.Name)
	}
	good := false
	for _, secret := range t.Secrets {
		good = equal(secret, given) || good // all, whichever it is
	}
	if !good {
		apps := ""
		if t.Name == "github" {
			apps = ", nor of an app below integrations.github"
		}
		return fault.New(fault.Unauthenticated, "%s is not that of events.modules.%s.webhookSecret%s", name, t.Name, apps)
	}
	return nil
}
