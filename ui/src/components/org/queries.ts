import { queryOptions } from "@tanstack/react-query";
import { postJson } from "@/api/client";
import type { Entity, EntityPage } from "@/api/types";
import { apiPaths } from "@/lib/paths";
import { orgOf, type Org } from "./hierarchy";

const FIELDS = ["apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.title", "spec.profile.displayName", "spec.type", "relations"];
const PAGE = 500;
const MOST_PAGES = 20;

/** Every group that the person may see, and whether there are more than were read. */
export const orgQuery = () =>
  queryOptions({
    queryKey: ["entities", "org"],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<Org & { complete: boolean }> => {
      const groups: Entity[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const body = cursor === undefined ? { query: { kind: "group" }, orderField: ["metadata.name,asc"], fields: FIELDS, limit: PAGE } : { cursor, fields: FIELDS, limit: PAGE };
        const { items, pageInfo } = await postJson<EntityPage>(apiPaths.entityQuery, body, signal);
        groups.push(...items);
        cursor = pageInfo.nextCursor;
        if (cursor === undefined) return { ...orgOf(groups), complete: true };
      }
      return { ...orgOf(groups), complete: false };
    },
  });
