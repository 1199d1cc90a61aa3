import { queryOptions } from "@tanstack/react-query";
import { BRIEF_FIELDS } from "@/api/batch";
import { getJson, postJson } from "@/api/client";
import type { EntityChange, EntityFacets, EntityPage } from "@/api/types";
import { apiPaths } from "@/lib/paths";

/** So many things of a person are shown on the page. */
export const MOST_OWNED = 12;

/** So many problems are shown on the page. */
export const MOST_PROBLEMS = 5;

/** The first of what the refs own. */
export const ownedQuery = (ownershipRefs: readonly string[]) =>
  queryOptions({
    queryKey: ["entities", "owned", ownershipRefs],
    queryFn: ({ signal }) => postJson<EntityPage>(apiPaths.entityQuery, { query: { "relations.ownedBy": { $in: ownershipRefs } }, fields: BRIEF_FIELDS, limit: MOST_OWNED, orderField: ["metadata.name,asc"] }, signal),
    staleTime: 15_000,
  });

/** How many entities there are of each kind. */
export const kindsQuery = () =>
  queryOptions({ queryKey: ["entities", "kinds"], queryFn: ({ signal }) => postJson<EntityFacets>(apiPaths.entityFacets, { facets: ["kind"] }, signal), staleTime: 30_000 });

const DAY = 86_400_000;
/** So many owners are asked about: the person and the nearest groups. */
const MOST_OWNERS = 8;
/** So many changed entities are shown. */
const MOST_CHANGES = 5;

/** The latest change of each entity that the refs own, of the last day, the newest first. */
export const changesQuery = (owners: readonly string[]) =>
  queryOptions({
    queryKey: ["entities", "changes", owners],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const since = new Date(Date.now() - DAY).toISOString();
      const pages = await Promise.all(owners.slice(0, MOST_OWNERS).map((owner) => getJson<{ items: EntityChange[] }>(apiPaths.history({ owner, since, limit: 50 }), signal)));
      return latestOfEach(pages.flatMap(({ items }) => items)).slice(0, MOST_CHANGES);
    },
  });

/** One change for each entity, its newest, and these from the newest to the oldest. */
export function latestOfEach<Change extends { id: number; entityRef: string }>(changes: readonly Change[]): Change[] {
  const latest = new Map<string, Change>();
  for (const change of changes) {
    const known = latest.get(change.entityRef);
    if (!known || known.id < change.id) latest.set(change.entityRef, change);
  }
  return [...latest.values()].sort((a, b) => b.id - a.id);
}
