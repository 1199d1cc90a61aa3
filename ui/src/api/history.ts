import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { formatRef, type EntityRef } from "@/lib/entity-ref";
import { apiPaths, type ChangesView } from "@/lib/paths";
import { getJson, postJson } from "./client";
import type { EntityAsOf, EntityChangePage, RemovedLocation, RestoredLocation } from "./types";

/** Changes of one page. */
const PAGE_SIZE = 30;

/** What happened to entities, the newest first; of one entity when it is named. */
export const changesQuery = (view: ChangesView & { ref?: string }) =>
  infiniteQueryOptions({
    queryKey: ["history", "changes", view],
    queryFn: ({ pageParam, signal }) => getJson<EntityChangePage>(apiPaths.changes({ ...view, limit: PAGE_SIZE, ...(pageParam !== "" && { cursor: pageParam }) }), signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.pageInfo.nextCursor,
    staleTime: 10_000,
  });

/** An entity as it was at a revision or a time. */
export const asOfQuery = (ref: EntityRef, at: string) =>
  queryOptions({ queryKey: ["history", "as-of", formatRef(ref), at], queryFn: ({ signal }) => getJson<EntityAsOf>(apiPaths.entityAsOf(ref, at), signal) });

/** Registrations that were removed, the last first. */
export const removedLocationsQuery = () =>
  queryOptions({ queryKey: ["history", "locations"], queryFn: ({ signal }) => getJson<{ items: RemovedLocation[] }>(apiPaths.removedLocations, signal), staleTime: 10_000 });

/** Registers a removed location again and says what came back. */
export const restoreLocation = (id: string) => postJson<RestoredLocation>(apiPaths.restoreLocation(id), {});
