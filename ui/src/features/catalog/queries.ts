import { queryOptions } from "@tanstack/react-query";
import { postJson } from "@/api/client";
import type { EntityFacets, EntityPage } from "@/api/types";
import { apiPaths } from "@/lib/paths";
import { relaxations, selectedValues, withoutField } from "@/lib/query/facets";
import type { Term } from "@/lib/query/grammar";
import { compileQuery, pathOf, type QueryContext } from "@/lib/query/predicate";

/** The fields that have a facet, in the order of the page. */
export const FACET_KEYS: readonly string[] = ["kind", "owner", "type", "lifecycle", "system", "tag"];

/**
 * The requests behind the facets. The counts of a field are taken over the query without that field's own terms,
 * so that another value can be chosen; fields without terms share one request. `own` are those that only the kind in sight has.
 */
export function facetRequests(terms: readonly Term[], own: readonly string[] = []): { keys: string[]; terms: Term[] }[] {
  const all = [...FACET_KEYS, ...own];
  const chosen = all.filter((key) => selectedValues(terms, key).size > 0);
  const free = all.filter((key) => !chosen.includes(key));
  return [...(free.length > 0 ? [{ keys: free, terms: [...terms] }] : []), ...chosen.map((key) => ({ keys: [key], terms: withoutField(terms, key) }))];
}

export const facetsQuery = (keys: readonly string[], terms: readonly Term[], context: QueryContext) => {
  const body = { facets: keys.map(pathOf), ...compileQuery(terms, context) };
  return queryOptions({
    queryKey: ["entities", "facets", body],
    queryFn: ({ signal }) => postJson<EntityFacets>(apiPaths.entityFacets, body, signal),
    staleTime: 30_000,
  });
};

/** The query nearest to this one that finds something, and what it leaves out. */
export const nearestQuery = (terms: readonly Term[], context: QueryContext) =>
  queryOptions({
    queryKey: ["entities", "nearest", terms, context],
    queryFn: async ({ signal }) => {
      const candidates = relaxations(terms).filter((candidate) => candidate.terms.length > 0);
      const counted = await Promise.all(
        candidates.map(async (candidate) => {
          const body = { ...compileQuery(candidate.terms, context), limit: 0 };
          const { totalItems } = await postJson<EntityPage>(apiPaths.entityQuery, body, signal);
          return { ...candidate, totalItems };
        }),
      );
      return counted.find((candidate) => candidate.totalItems > 0) ?? null;
    },
    staleTime: 30_000,
  });
