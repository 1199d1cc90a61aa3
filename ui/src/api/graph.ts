import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { parseRef } from "@/lib/entity-ref";
import { apiPaths } from "@/lib/paths";
import { getJson, postJson } from "./client";
import { ApiError } from "./error";
import type { EntityGraph, EntityGraphQuery, EntityImpact } from "./types";

const FRESH = 15_000;

/** What stands around entities. A wider or narrower view keeps the last one in sight while it loads. */
export const graphQuery = (body: Partial<EntityGraphQuery> & Pick<EntityGraphQuery, "entityRefs">) =>
  queryOptions({ queryKey: ["entities", "graph", body], queryFn: ({ signal }) => postJson<EntityGraph>(apiPaths.entityGraph, body, signal), staleTime: FRESH, placeholderData: keepPreviousData });

/** What breaks, or loses something, when an entity goes. */
export const impactQuery = (entityRef: string) =>
  queryOptions({
    queryKey: ["entities", "impact", entityRef],
    queryFn: ({ signal }) => {
      const ref = parseRef(entityRef);
      if (!ref) throw new ApiError(`“${entityRef}” is no entity ref.`, 400, undefined);
      return getJson<EntityImpact>(apiPaths.entityImpact(ref), signal);
    },
    staleTime: FRESH,
  });
