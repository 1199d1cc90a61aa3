import { firstOf } from "@/lib/search-params";

/** How relations are shown; all of it stands in the URL. */
export interface GraphView {
  mode: "graph" | "list" | undefined;
  depth: number;
  direction: "both" | "outgoing" | "incoming";
  relations: string[];
  kinds: string[];
  expanded: string[];
  /** "What breaks if this goes." */
  impact: boolean;
}

export const MAX_DEPTH = 6;
export const MAX_NODES = 500;
const FAN_OUT = 40;

const listOf = (search: Record<string, unknown>, key: string) => (firstOf(search, key) ?? "").split(",").filter((item) => item !== "");

/** Reads the view. Nonsense in the URL is as if it were not there. */
export function viewOf(search: Record<string, unknown>): GraphView {
  const mode = firstOf(search, "view");
  const direction = firstOf(search, "direction");
  const depth = Number.parseInt(firstOf(search, "depth") ?? "", 10);
  return {
    mode: mode === "graph" || mode === "list" ? mode : undefined,
    depth: depth >= 1 && depth <= MAX_DEPTH ? depth : 1,
    direction: direction === "outgoing" || direction === "incoming" ? direction : "both",
    relations: listOf(search, "relations"),
    kinds: listOf(search, "kinds"),
    expanded: listOf(search, "expand").slice(0, 100),
    impact: firstOf(search, "impact") === "1",
  };
}

/** The search parameters of a view, without what is usual. */
export function searchOf(view: GraphView): Record<string, string> {
  const search: Record<string, string> = {};
  if (view.mode !== undefined) search.view = view.mode;
  if (view.depth !== 1) search.depth = String(view.depth);
  if (view.direction !== "both") search.direction = view.direction;
  for (const [key, list] of [["relations", view.relations], ["kinds", view.kinds], ["expand", view.expanded]] as const) if (list.length > 0) search[key] = list.join(",");
  if (view.impact) search.impact = "1";
  return search;
}

/** The body of the request for a view. */
export function requestOf(view: GraphView, entityRefs: string[]) {
  return {
    entityRefs,
    maxDepth: view.depth,
    maxNodes: MAX_NODES,
    fanOut: FAN_OUT,
    direction: view.direction,
    ...(view.relations.length > 0 && { relations: view.relations }),
    ...(view.kinds.length > 0 && { kinds: view.kinds }),
    ...(view.expanded.length > 0 && { expand: view.expanded }),
  };
}
