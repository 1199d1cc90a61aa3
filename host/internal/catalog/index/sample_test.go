package index_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/principal"
)

var viewer = principal.ViewerOf(principal.Guest("user:development/guest"))

// sample makes a catalog of a believable shape and size: seven tenths
// components, then APIs with definitions, systems, domains, groups and users,
// with relations both ways.
func sample(count int) []catalog.Entity {
	r := rand.New(rand.NewPCG(42, uint64(count)))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	word := func() string {
		return pick("amber", "brisk", "calm", "dusty", "eager", "fuzzy", "grand", "hasty", "ivory", "jolly", "keen", "lucid", "mellow", "noble", "olive", "proud", "quick", "solar", "tidy", "vivid", "zesty") + "-" +
			pick("account", "basket", "billing", "cart", "catalog", "checkout", "claim", "customer", "device", "email", "fraud", "gateway", "invoice", "ledger", "loan", "metric", "order", "parcel", "payment", "payout", "policy", "quote", "refund", "search", "stock", "tax", "token", "wallet")
	}
	kinds := make([]string, count)
	names := make(map[string][]string)
	for i := range kinds {
		switch n := i * 100 / count; {
		case n < 2:
			kinds[i] = "Domain"
		case n < 7:
			kinds[i] = "System"
		case n < 12:
			kinds[i] = "Group"
		case n < 15:
			kinds[i] = "User"
		case n < 30:
			kinds[i] = "API"
		default:
			kinds[i] = "Component"
		}
		names[kinds[i]] = append(names[kinds[i]], fmt.Sprintf("%s-%s-%06d", word(), pick("api", "worker", "web", "batch", "sync", "proxy", "store"), i))
	}
	one := func(kind string) string { return names[kind][r.IntN(len(names[kind]))] }
	ref := func(kind, name string) string { return strings.ToLower(kind) + ":default/" + name }
	relations := make(map[string][]catalog.Relation)
	relate := func(from, kind, inverse, to string) {
		relations[from] = append(relations[from], catalog.Relation{Type: kind, TargetRef: to})
		relations[to] = append(relations[to], catalog.Relation{Type: inverse, TargetRef: from, Incoming: true})
	}
	entities := make([]catalog.Entity, count)
	next := make(map[string]int)
	for i, kind := range kinds {
		name := names[kind][next[kind]]
		next[kind]++
		self := ref(kind, name)
		title := strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "-", " ")
		uid := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48))
		tags := []string{"java", "go", "python", "rust", "grpc", "kafka", "redis", "react", "tier-1", "legacy"}
		r.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
		location := fmt.Sprintf("url:https://git.example.org/example/%s/blob/main/catalog-info.yaml", name)
		metadata := map[string]any{
			"name": name, "namespace": "default", "title": title, "uid": uid, "etag": fmt.Sprintf("%040x", r.Uint64()),
			"description": fmt.Sprintf("A %s that %s %s data for the %s team.", strings.ToLower(kind), pick("handles", "stores", "validates"), word(), word()),
			"labels":      map[string]any{"example.org/tier": fmt.Sprint(1 + r.IntN(4)), "example.org/region": pick("eu-west", "us-east"), "example.org/cost-center": fmt.Sprintf("cc-%d", 100+r.IntN(80))},
			"annotations": map[string]any{
				"backstage.io/managed-by-location": location, "backstage.io/managed-by-origin-location": location,
				"example.org/project-slug": "example/" + name, "example.org/source": "https://git.example.org/example/" + name,
				"example.org/dashboard": "https://metrics.example.org/d/" + name, "example.org/ci": "https://ci.example.org/job/" + name,
				"example.org/oncall-service": fmt.Sprintf("PD%06X", r.IntN(1<<24)),
			},
			"tags": tags[:2+r.IntN(4)],
			"links": []any{
				map[string]any{"url": "https://runbook.example.org/" + name, "title": "Runbook", "icon": "docs"},
				map[string]any{"url": "https://chat.example.org/" + name, "title": "Chat", "icon": "chat"},
			},
		}
		spec := map[string]any{}
		if kind != "Group" && kind != "User" {
			owner := ref("Group", one("Group"))
			spec["owner"] = owner
			relate(self, "ownedBy", "ownerOf", owner)
		}
		switch kind {
		case "Component", "API":
			system := one("System")
			spec["type"] = pick("service", "service", "website", "library", "batch-job", "mobile-app")
			spec["lifecycle"] = pick("production", "production", "experimental", "deprecated")
			spec["system"] = system
			relate(self, "partOf", "hasPart", ref("System", system))
			if kind == "API" {
				spec["type"] = "openapi"
				spec["definition"] = "openapi: 3.0.3\ninfo:\n  title: " + name + "\n" + strings.Repeat("  description: A page of records\n", 40)
				break
			}
			var deps []string
			for range 3 {
				dep := ref("Component", one("Component"))
				deps = append(deps, dep)
				relate(self, "dependsOn", "dependencyOf", dep)
			}
			api := one("API")
			spec["dependsOn"], spec["consumesApis"] = deps, []string{api}
			relate(self, "consumesApi", "apiConsumedBy", ref("API", api))
		case "System":
			domain := one("Domain")
			spec["domain"] = domain
			relate(self, "partOf", "hasPart", ref("Domain", domain))
		case "Group":
			spec["type"], spec["children"] = "team", []string{}
			spec["profile"] = map[string]any{"displayName": title, "email": name + "@example.org"}
		case "User":
			group := one("Group")
			spec["memberOf"] = []string{group}
			spec["profile"] = map[string]any{"displayName": title, "email": name + "@example.org"}
			relate(self, "memberOf", "hasMember", ref("Group", group))
		}
		body, err := json.Marshal(map[string]any{"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
		if err != nil {
			panic(err)
		}
		entities[i] = catalog.Entity{Ref: self, UID: uid, Kind: kind, Namespace: "default", Name: name, Body: body}
	}
	for i := range entities {
		entities[i].Relations = tidy(relations[entities[i].Ref])
	}
	return entities
}

// tidy sorts relations and drops repeats, as the engine promises.
func tidy(list []catalog.Relation) []catalog.Relation {
	slices.SortFunc(list, func(a, b catalog.Relation) int {
		return strings.Compare(a.Type+"\x00"+a.TargetRef, b.Type+"\x00"+b.TargetRef)
	})
	return slices.CompactFunc(list, func(a, b catalog.Relation) bool { return a.Type == b.Type && a.TargetRef == b.TargetRef })
}

// text joins an answer's pieces.
func text(b catalog.Body) string {
	var all []byte
	for _, piece := range b {
		all = append(all, piece...)
	}
	return string(all)
}

func decode[T any](t testing.TB, b catalog.Body) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text(b)), &v); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%.300s", err, text(b))
	}
	return v
}
