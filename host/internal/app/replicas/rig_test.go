package replicas_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/testpg"
)

func TestMain(m *testing.M) {
	code := testpg.Run(m)
	apptest.RemoveProgram()
	os.Exit(code)
}

// patience is how long anything may take on a busy machine.
const patience = 2 * time.Minute

// company is several replicas on one database, and the descriptors they read.
type company struct {
	t        *testing.T
	folder   string // of the descriptors
	database *url.URL
	replicas []*replica
	entities map[string]int // components by file
}

// replica is a real portal, with a proxy between it and the database.
type replica struct {
	*apptest.Process
	dir   string
	proxy *toxiproxy.Proxy
}

// found starts n replicas over files of components. They are not waited for.
func found(t *testing.T, n int, dsn string, files map[string]int) *company {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c := &company{t: t, folder: t.TempDir(), database: u, entities: map[string]int{}}
	for name, count := range files {
		c.write(name, count, 1)
	}
	apptest.Program(t) // built before anything starts
	for range n {
		c.replicas = append(c.replicas, c.start(c.newReplica()))
	}
	return c
}

func (c *company) newReplica() *replica {
	c.t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	r := &replica{dir: c.t.TempDir(), proxy: toxiproxy.NewProxy(server, "database", "127.0.0.1:0", c.database.Host)}
	if err := r.proxy.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(r.proxy.Stop)
	text := fmt.Sprintf("app: {title: T}\ncatalog: {locations: [{type: file, target: %s}]}\n", filepath.Join(c.folder, "*.yaml"))
	if err := os.WriteFile(filepath.Join(r.dir, "app-config.yaml"), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// start starts the program of a replica, for the first time or again.
func (c *company) start(r *replica) *replica {
	c.t.Helper()
	through := *c.database
	through.Host = net.JoinHostPort("127.0.0.1", portOf(r.proxy.Listen))
	r.Process = apptest.Serve(c.t, r.dir, "APP_CONFIG_backend_database_client=pg", "APP_CONFIG_backend_database_connection="+through.String())
	return r
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// write replaces a file of components, all at once.
func (c *company) write(name string, count, version int) {
	c.t.Helper()
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s-%d, annotations: {version: 'v%d'}}\nspec: {type: service, lifecycle: production, owner: team-a, dependsOn: ['component:%s-%d']}\n---\n",
			name, i, version, name, (i+1)%count)
	}
	part := filepath.Join(c.folder, name+".part")
	if err := os.WriteFile(part, []byte(b.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(part, filepath.Join(c.folder, name+".yaml")); err != nil {
		c.t.Fatal(err)
	}
	c.entities[name] = count
}

// view is a catalog as a replica shows it.
type view struct {
	count  int    // components
	uids   int    // different ones
	latest int    // components of the version asked for
	digest string // of every entity: ref, uid, etag, relations
}

// look reads the whole catalog of a replica; false while it cannot be read.
func (r *replica) look(version int) (view, bool) {
	at := r.Address()
	if at == "" {
		return view{}, false
	}
	client := http.Client{Timeout: 20 * time.Second}
	res, err := client.Get(at + "/api/catalog/entities?filter=kind=component") //nolint:noctx // it has a timeout
	if err != nil {
		return view{}, false
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return view{}, false
	}
	var list []struct {
		Metadata struct {
			Name, UID   string
			Annotations struct{ Version string }
		}
	}
	if json.Unmarshal(body, &list) != nil {
		return view{}, false
	}
	sum := sha256.Sum256(body)
	v := view{count: len(list), digest: hex.EncodeToString(sum[:8])}
	uids := map[string]bool{}
	for _, e := range list {
		uids[e.Metadata.UID] = true
		if e.Metadata.Annotations.Version == fmt.Sprint("v", version) {
			v.latest++
		}
	}
	v.uids = len(uids)
	return v, true
}

// agree waits until all replicas show every component once, in a version, and
// the same bytes. It returns how long that took.
func (c *company) agree(what string, version int, replicas ...*replica) time.Duration {
	c.t.Helper()
	want := 0
	for _, n := range c.entities {
		want += n
	}
	began := time.Now()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	var last []view
	for time.Since(began) < patience {
		last = last[:0]
		agreed := true
		for _, r := range replicas {
			v, ok := r.look(version)
			last = append(last, v)
			agreed = agreed && ok && v.count == want && v.uids == want && v.latest == want && v.digest == last[0].digest
			if !agreed {
				break
			}
		}
		if agreed {
			took := time.Since(began)
			c.t.Logf("%s: %d components on %d replicas agree after %v", what, want, len(replicas), took.Round(time.Millisecond))
			return took
		}
		<-again.C
	}
	c.t.Fatalf("%s: want %d components of version %d, the replicas show %+v", what, want, version, last)
	return 0
}

// leader waits until one of the replicas leads, and returns it and the others.
func (c *company) leader() (*replica, []*replica) {
	c.t.Helper()
	for began := time.Now(); time.Since(began) < patience; {
		for i, r := range c.replicas {
			log := r.Log.String()
			if won := strings.LastIndex(log, "this replica leads the catalog"); won > strings.LastIndex(log, "another replica leads the catalog now") {
				select {
				case <-r.Ended():
					continue
				default:
				}
				others := append(append([]*replica(nil), c.replicas[:i]...), c.replicas[i+1:]...)
				return r, others
			}
		}
	}
	c.t.Fatal("nobody ever led")
	return nil, nil
}
