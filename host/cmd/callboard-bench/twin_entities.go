package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
)

// twinCount is how many components the twin server has.
const twinCount = 7000

// twinEntities makes components of the size of the benchmark's: about 2 kB
// with their relations.
func twinEntities() []catalog.Entity {
	out := make([]catalog.Entity, twinCount)
	for i := range out {
		name := twinName(i)
		links := []map[string]string{{"url": "https://runbook.example.org/" + name, "title": "Runbook", "icon": "docs"}, {"url": "https://chat.example.org/" + name, "title": "Chat", "icon": "chat"}}
		annotations := map[string]string{}
		for _, key := range []string{"project-slug", "source", "oncall-service", "dashboard", "ci"} {
			annotations["example.org/"+key] = "https://example.org/" + key + "/" + name
		}
		body, err := json.Marshal(map[string]any{
			"apiVersion": "backstage.io/v1alpha1", "kind": "Component",
			"metadata": map[string]any{
				"name": name, "namespace": "default", "uid": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "etag": fmt.Sprintf("%040x", i),
				"title": "Component " + name, "description": "A service that measures plugins for the bench team.",
				"labels":      map[string]string{"example.org/tier": "1", "example.org/region": "eu-west", "example.org/cost-center": "cc-100"},
				"annotations": annotations, "tags": []string{"go", "grpc", "tier-1"}, "links": links,
			},
			"spec": map[string]any{"type": "service", "lifecycle": "production", "owner": "group:default/bench", "system": "bench", "dependsOn": []string{"component:default/a", "component:default/b"}},
		})
		if err != nil {
			panic("callboard-bench: encoding an entity: " + err.Error()) // strings always encode
		}
		out[i] = catalog.Entity{
			Ref: "component:default/" + name, UID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Kind: "Component",
			Namespace: "default", Name: name, ETag: fmt.Sprintf("%040x", i), Body: body,
			Relations: []catalog.Relation{
				{Type: "dependsOn", TargetRef: "component:default/a"},
				{Type: "dependsOn", TargetRef: "component:default/b"},
				{Type: "ownedBy", TargetRef: "group:default/bench"},
				{Type: "partOf", TargetRef: "system:default/bench"},
			},
		}
	}
	return out
}

func twinName(i int) string {
	words := strings.Fields("amber brisk calm dusty eager fuzzy grand hasty ivory jolly keen lucid mellow")
	return fmt.Sprintf("%s-%s-%06d", words[i%len(words)], words[i/len(words)%len(words)], i)
}
