package http

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/outbound"
)

// clients keeps an egress client for each plugin and scope, so that no request
// ever uses a connection which another plugin, another scope or other rights
// opened. It is safe for concurrent use.
type clients struct {
	egress *egress.Egress

	mu   sync.Mutex
	kept []keptClient // the latest used last
}

type keptClient struct {
	key    clientKey
	client *egress.Client
}

type clientKey struct {
	installation string
	scope        string
	own          bool
}

// maxClients bounds the idle connections of all plugins together.
const maxClients = 64

// maxExchange bounds an exchange whatever the call's deadline is.
const maxExchange = 5 * time.Minute

func (c *clients) of(installation string, scope *Scope, own bool) *egress.Client {
	key := clientKey{installation, scope.String(), own}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.kept, func(k keptClient) bool { return k.key == key })
	if at < 0 {
		if len(c.kept) == maxClients {
			c.kept[0].client.CloseIdle()
			c.kept = slices.Delete(c.kept, 0, 1)
		}
		c.kept = append(c.kept, keptClient{key, c.egress.Client(policy(scope, own))})
		return c.kept[len(c.kept)-1].client
	}
	one := c.kept[at]
	c.kept = append(slices.Delete(c.kept, at, at+1), one)
	return one.client
}

// policy asks the scope about every hop.
func policy(scope *Scope, own bool) egress.Policy {
	return egress.Policy{
		// The quota of the call and what its handles hold are less.
		MaxBytes: 1 << 30,
		Timeout:  maxExchange,
		Request: func(r *http.Request) (egress.Reach, error) {
			u, err := outbound.Of(r.URL)
			if err != nil {
				return egress.Refused, fault.New(fault.Invalid, "%w", err)
			}
			p, err := scope.permits(r.Method, u, own)
			return p.reach, err
		},
	}
}
