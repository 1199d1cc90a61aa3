// Command catalog is the core plugin that serves Backstage's catalog API.
//
// Owns: the REST API below /api/catalog, its grammar and its error bodies; the kinds, as data in plugin.yaml.
// Does not own: entities, filters' meaning, visibility, JSON of entities (the host's catalog).
// Flow: request → parse → Viewer(ctx).Catalog() → handle → response, without an entity's bytes coming here.
package main

import "github.com/callboard/callboard/sdk"

func init() { sdk.Register(plugin()) }

func main() {} // never runs: the module is a library

// plugin is the table of routes, the same as in plugin.yaml, each with the names
// that its query string may hold.
func plugin() sdk.Plugin {
	return sdk.Plugin{Routes: sdk.Routes{
		"GET /entities":                                            api(listEntities, "filter", "fields", "limit", "offset", "after", "order"),
		"GET /entities/by-query":                                   api(queryEntities, "filter", "fields", "limit", "offset", "orderField", "cursor", "fullTextFilterTerm", "fullTextFilterFields", "totalItems"),
		"POST /entities/by-query":                                  api(queryEntitiesByBody),
		"POST /entities/by-refs":                                   api(entitiesByRefs, "filter", "fields"),
		"GET /entities/by-name/{kind}/{namespace}/{name}":          api(entityByName),
		"GET /entities/by-name/{kind}/{namespace}/{name}/ancestry": api(ancestry),
		"GET /entities/by-name/{kind}/{namespace}/{name}/impact":   api(impact, "maxDepth", "maxNodes"),
		"GET /entities/by-uid/{uid}":                               api(entityByUID),
		"DELETE /entities/by-uid/{uid}":                            api(removeEntity),
		"GET /entity-facets":                                       api(facets, "facet", "filter"),
		"POST /entity-facets":                                      api(facetsByBody),
		"GET /problems":                                            api(problems, "type", "owner", "kind", "limit", "offset"),
		"GET /graph":                                               api(graph, "entityRef", "relation", "kind", "direction", "maxDepth", "maxNodes", "fanOut", "expand", "explain"),
		"POST /graph":                                              api(graphByBody),
		"GET /model":                                               api(model),
		"POST /refresh":                                            api(refresh),
		"POST /validate-entity":                                    api(validateEntity),
		"GET /locations":                                           api(locations),
		"POST /locations":                                          api(register, "dryRun"),
		"POST /locations/by-query":                                 api(queryLocations),
		"GET /locations/{id}":                                      api(locationByID),
		"DELETE /locations/{id}":                                   api(unregister),
		"GET /locations/by-entity/{kind}/{namespace}/{name}":       api(locationByEntity),
		"POST /analyze-location":                                   api(analyzeLocation),
		"GET /history":                                             api(changes, "ref", "owner", "kind", "action", "since", "order", "limit", "cursor"),
		"GET /history/by-name/{kind}/{namespace}/{name}":           api(asOf, "at"),
		"GET /history/locations":                                   api(removedLocations),
		"POST /history/locations/{id}/restore":                     api(restoreLocation),
	}}
}
