import type { Preference } from "@/api/preferences";

/** A query under a name, with its order and its columns. */
export interface SavedView {
  name: string;
  query: string;
  sort?: string;
  columns?: string;
}

function isViews(value: unknown): value is SavedView[] {
  return Array.isArray(value) && value.every((item: unknown) => typeof item === "object" && item !== null && "name" in item && typeof item.name === "string" && "query" in item && typeof item.query === "string");
}

/** The person's views of the catalog. */
export const savedViews: Preference<SavedView[]> = { key: "views", fallback: [], accepts: isViews };
