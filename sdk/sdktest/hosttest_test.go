package sdktest_test

import (
	"testing"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdktest"
	"github.com/callboard/callboard/sdk/sdktest/hosttest"
)

// TestFakeKeepsTheHostsPromises runs the fake through the suite that the real
// host passes.
func TestFakeKeepsTheHostsPromises(t *testing.T) {
	hosttest.Run(t, func(t *testing.T, s hosttest.Setup) hosttest.Host {
		options := []sdktest.Option{
			sdktest.Now(s.Now), sdktest.ConfigJSON(s.Config), sdktest.Grant(s.Grants...),
			sdktest.As(sdk.Principal{Kind: "user", Ref: s.Subject, Ownership: []string{s.Subject}, Mode: "viewer"}),
		}
		for _, e := range s.Entities {
			options = append(options, sdktest.Entity(e))
		}
		fake, err := sdktest.NewFake(options...)
		if err != nil {
			t.Fatal(err)
		}
		return fake
	})
}
