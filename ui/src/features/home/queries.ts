import { queryOptions } from "@tanstack/react-query";
import { BRIEF_FIELDS } from "@/api/batch";
import { postJson } from "@/api/client";
import type { EntityFacets, EntityPage } from "@/api/types";
import { apiPaths } from "@/lib/paths";

/** Enough to find the problems of one person's things without paging. */
export const MOST_OWNED = 200;

/** What the refs own, with its status. */
export const ownedQuery = (ownershipRefs: readonly string[]) =>
  queryOptions({
    queryKey: ["entities", "owned", ownershipRefs],
    queryFn: ({ signal }) => postJson<EntityPage>(apiPaths.entityQuery, { query: { "relations.ownedBy": { $in: ownershipRefs } }, fields: BRIEF_FIELDS, limit: MOST_OWNED, orderField: ["metadata.name,asc"] }, signal),
    staleTime: 15_000,
  });

/** How many entities there are of each kind. */
export const kindsQuery = () =>
  queryOptions({ queryKey: ["entities", "kinds"], queryFn: ({ signal }) => postJson<EntityFacets>(apiPaths.entityFacets, { facets: ["kind"] }, signal), staleTime: 30_000 });
