// The server under test, and the real client that talks to it.
import { CatalogClient } from "@backstage/catalog-client";
import { descriptors } from "./descriptors.mjs";

const base = process.env.CALLBOARD_URL;
if (!base) throw new Error("CALLBOARD_URL names no server; make test-e2e starts one");

export const client = new CatalogClient({ discoveryApi: { getBaseUrl: (plugin) => Promise.resolve(`${base}/api/${plugin}`) } });

/** Everything in the catalog, by the simplest request there is. */
export async function everything() {
  return (await client.getEntities()).items;
}

/**
 * Waits until the catalog holds what the descriptors say: a server may be ready, and answer from
 * what it has, before it has read them all.
 */
export async function loaded() {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const have = new Set((await everything()).map(ref));
    const missing = descriptors.map(ref).filter((wanted) => !have.has(wanted));
    if (missing.length === 0) return;
    if (Date.now() > deadline) throw new Error(`the catalog lacks ${missing.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The canonical ref of an entity or a descriptor. */
export function ref(entity) {
  return `${entity.kind}:${entity.metadata.namespace ?? "default"}/${entity.metadata.name}`.toLowerCase();
}

export const refs = (entities) => entities.map(ref);
export const names = (entities) => entities.map((entity) => entity.metadata.name);
export const sorted = (list) => [...list].sort();
