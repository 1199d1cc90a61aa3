// Command catalog is the core plugin that serves Backstage's catalog API.
//
// Owns: the REST API below /api/catalog, its grammar and its error bodies; the kinds, as data in plugin.yaml.
// Does not own: entities, filters' meaning, visibility, JSON of entities (the host's catalog).
// Flow: request → parse → Viewer(ctx).Catalog() → handle → response, without an entity's bytes coming here.
package main

import "github.com/callboard/callboard/sdk"

func init() { sdk.Register(plugin()) }

func main() {} // never runs: the module is a library

// plugin is the table of routes, the same as in plugin.yaml.
func plugin() sdk.Plugin {
	return sdk.Plugin{Routes: sdk.Routes{
		"GET /entities":                                   api(listEntities),
		"GET /entities/by-query":                          api(queryEntities),
		"POST /entities/by-query":                         api(queryEntitiesByBody),
		"POST /entities/by-refs":                          api(entitiesByRefs),
		"GET /entities/by-name/{kind}/{namespace}/{name}": api(entityByName),
		"GET /entities/by-uid/{uid}":                      api(entityByUID),
		"GET /entity-facets":                              api(facets),
		"POST /entity-facets":                             api(facetsByBody),
		"GET /locations":                                  api(locations),
	}}
}
