// Command discovery finds descriptors in the repositories of organisations.
//
// Owns: which repositories count, when one is looked at again, the Location entities that it brings.
// Does not own: credentials and rate limits (integrations of the host), reading the descriptors (the catalog).
// Flow: schedule → list repositories → those pushed to since → search → Location entities as a delta → kv.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/callboard/callboard/sdk"
)

func init() { sdk.Register(plugin()) }

func main() {} // never runs: the module is a library

func plugin() sdk.Plugin {
	return sdk.Plugin{Providers: sdk.Providers{provider: discover}}
}

// provider is its name in plugin.yaml, and that of its bucket.
const provider = "repositories"

// discover looks at all organisations. One that cannot be read keeps none of
// the others from being, and what was found in it stays.
func discover(ctx context.Context) (string, error) {
	config, err := sdk.Config[settings](ctx)
	if err != nil {
		return "", err
	}
	now, err := sdk.Clock(ctx).Now()
	if err != nil {
		return "", err
	}
	var failed []error
	var done []string
	keep := map[string]bool{} // prefixes of keys that are configured
	for i := range config.Organizations {
		o := &config.Organizations[i]
		if err := o.complete(); err != nil {
			return "", err
		}
		keep[o.prefix()] = true
		r := &run{ctx: ctx, organization: o, now: now}
		if err := r.run(); err != nil {
			failed = append(failed, fmt.Errorf("%s of %s: %w", o.Organization, o.Host, err))
		}
		done = append(done, r.summary())
	}
	if err := forget(ctx, keep); err != nil {
		failed = append(failed, err)
	}
	if len(failed) > 0 {
		// The code of the first one is the run's, as the host reads it.
		return "", fmt.Errorf("%s: %w", strings.Join(done, "; "), errors.Join(failed...))
	}
	return strings.Join(done, "; "), nil
}
