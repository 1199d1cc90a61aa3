import { queryOptions } from "@tanstack/react-query";
import { apiPaths } from "@/lib/paths";
import { changeJson, postJson } from "./client";
import { entitiesQuery } from "./queries";
import type { Entity, LocationAnalysis, LocationPage, LocationRegistration } from "./types";

/** The annotation that says which location an entity came in by. */
export const ORIGIN = "backstage.io/managed-by-origin-location";

/** Reads a URL as the catalog would, and stores nothing. */
export const analysisQuery = (target: string) =>
  queryOptions({
    queryKey: ["locations", "analysis", target],
    queryFn: ({ signal }) => postJson<LocationAnalysis>(apiPaths.analyzeLocation, { location: { type: "url", target } }, signal),
    staleTime: 0,
    refetchOnWindowFocus: false,
  });

/** Registers a URL. An ApiError of the kind conflict says that it is registered already. */
export const registerLocation = (target: string) => postJson<LocationRegistration>(apiPaths.locations, { type: "url", target });

export const unregisterLocation = (id: string) => changeJson<undefined>("DELETE", apiPaths.location(id), undefined);

/** The registered location that an origin names; null when the configuration or a plugin names it. */
export const locationQuery = (origin: string) =>
  queryOptions({
    queryKey: ["locations", "registered", origin],
    queryFn: async ({ signal }) => {
      const target = origin.slice(origin.indexOf(":") + 1);
      const { items } = await postJson<LocationPage>(apiPaths.locationsByQuery, { query: { type: "url", target }, limit: 100 }, signal);
      // The query ignores case, an address does not.
      return items.find((location) => `${location.type}:${location.target}` === origin) ?? null;
    },
    staleTime: 0,
  });

/** Everything that came in by a location; the first of them, and the count of all. */
export const broughtQuery = (origin: string, limit: number) =>
  entitiesQuery({ query: { [`metadata.annotations.${ORIGIN}`]: origin }, limit, orderField: ["kind,asc", "metadata.name,asc"], fields: ["kind", "metadata.name", "metadata.namespace", "metadata.title"] });

/** Has the source of an entity read again soon. */
export const refreshEntity = (entityRef: string) => postJson<undefined>(apiPaths.refreshEntity, { entityRef });

const MOST_REFS = 100;
const PRESENCE_FIELDS = ["kind", "metadata.name", "metadata.namespace", "metadata.title", "metadata.annotations", "metadata.etag"];

/** Which of the refs are in the catalog now, in their order; null for what is not. */
export async function presenceOf(refs: readonly string[], signal?: AbortSignal): Promise<(Entity | null)[]> {
  const parts = Array.from({ length: Math.ceil(refs.length / MOST_REFS) }, (_, index) => refs.slice(index * MOST_REFS, (index + 1) * MOST_REFS));
  const answers = await Promise.all(parts.map((entityRefs) => postJson<{ items: (Entity | null)[] }>(apiPaths.entitiesByRefs, { entityRefs, fields: PRESENCE_FIELDS }, signal)));
  return answers.flatMap(({ items }) => items);
}

/** Asks again until it is so, for some seconds at most; whether it became so. */
export async function becomes(isSo: () => Promise<boolean>, { times = 12, pauseMs = 400 } = {}): Promise<boolean> {
  for (let time = 0; time < times; time++) {
    if (time > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (await isSo()) return true;
  }
  return false;
}
