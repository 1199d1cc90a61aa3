import { postJson } from "./client";
import { apiPaths } from "@/lib/paths";
import type { Entity } from "./types";

/** The fields that a link, a chip and a hover card need. */
export const BRIEF_FIELDS = ["apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.title", "metadata.description", "metadata.annotations", "spec.type", "spec.lifecycle", "spec.owner", "spec.profile", "status"];

const MOST_REFS = 100;

type Waiting = { ref: string; resolve: (entity: Entity | null) => void; reject: (cause: unknown) => void };

/** Collects the refs asked for in one turn of the event loop and fetches them together. */
export function createBatcher(fetchRefs: (refs: string[]) => Promise<(Entity | null)[]>): (ref: string) => Promise<Entity | null> {
  let waiting: Waiting[] = [];

  const flush = async (batch: Waiting[]) => {
    const refs = [...new Set(batch.map((item) => item.ref))];
    try {
      const items = await fetchRefs(refs);
      const byRef = new Map(refs.map((ref, index) => [ref, items[index] ?? null]));
      batch.forEach((item) => item.resolve(byRef.get(item.ref) ?? null));
    } catch (cause) {
      batch.forEach((item) => item.reject(cause));
    }
  };

  return (ref) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) {
        setTimeout(() => {
          const all = waiting;
          waiting = [];
          for (let start = 0; start < all.length; start += MOST_REFS) void flush(all.slice(start, start + MOST_REFS));
        }, 0);
      }
      waiting.push({ ref, resolve, reject });
    });
}

/** Loads one entity's brief fields; null when it does not exist or may not be seen. */
export const loadBrief = createBatcher(async (entityRefs) => {
  const { items } = await postJson<{ items: (Entity | null)[] }>(apiPaths.entitiesByRefs, { entityRefs, fields: BRIEF_FIELDS });
  return items;
});
