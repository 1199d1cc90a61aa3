import type { Preference } from "@/api/preferences";

/** What the catalog shows when neither the URL nor the person says anything. */
export const DEFAULT_QUERY = "kind:component";

/** The query that the person's catalog begins with. */
export const defaultQuery: Preference<string> = { key: "catalog.query", fallback: DEFAULT_QUERY, accepts: (value): value is string => typeof value === "string" && value.length < 1000 };
