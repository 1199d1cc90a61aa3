import { queryOptions } from "@tanstack/react-query";
import { getJson } from "@/api/client";
import type { Entity } from "@/api/types";
import { formatRef, type EntityRef } from "@/lib/entity-ref";
import { apiPaths } from "@/lib/paths";

/** The whole entity. */
export const entityQuery = (ref: EntityRef) =>
  queryOptions({ queryKey: ["entities", "full", formatRef(ref)], queryFn: ({ signal }) => getJson<Entity>(apiPaths.entityByName(ref), signal), staleTime: 15_000 });
