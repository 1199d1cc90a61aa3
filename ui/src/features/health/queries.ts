import { queryOptions } from "@tanstack/react-query";
import { postJson } from "@/api/client";
import type { Entity, EntityPage } from "@/api/types";
import { hasProblem } from "@/components/entity/facts";
import { apiPaths } from "@/lib/paths";

const PAGE = 1000;
const MOST_PAGES = 20;
const MOST_PROBLEMS = 100;

/** Entities that the last processing complained about, and how many entities were looked at to find them. */
export interface CatalogProblems {
  entities: Entity[];
  looked: number;
  complete: boolean;
}

/**
 * Status is not part of the catalog's filter index, as in Backstage, so the entities are read page by page with
 * nothing but their names and status, until enough problems are found or the bound is reached.
 */
export const problemsQuery = () =>
  queryOptions({
    queryKey: ["entities", "problems"],
    staleTime: 60_000,
    queryFn: async ({ signal }): Promise<CatalogProblems> => {
      const entities: Entity[] = [];
      let looked = 0;
      for (let page = 0; page < MOST_PAGES; page++) {
        const body = { fields: ["apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.title", "metadata.annotations.backstage.io/orphan", "status"], limit: PAGE, offset: looked, orderField: ["metadata.name,asc"] };
        const { items, totalItems } = await postJson<EntityPage>(apiPaths.entityQuery, body, signal);
        looked += items.length;
        entities.push(...items.filter(hasProblem));
        if (items.length === 0 || looked >= totalItems) return { entities, looked, complete: true };
        if (entities.length >= MOST_PROBLEMS) break;
      }
      return { entities: entities.slice(0, MOST_PROBLEMS), looked, complete: false };
    },
  });
