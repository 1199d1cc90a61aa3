import type { Layout, Placed } from "./layout";
import type { Edge } from "./model";

export type Direction = "left" | "right" | "up" | "down";

/**
 * The entity that an arrow key leads to. Left and right follow edges, to the nearest end on that side; up and down go
 * through a lane and on into the next, so that every entity can be reached.
 */
export function neighbour(layout: Layout, edges: ReadonlyMap<string, readonly Edge[]>, ref: string, direction: Direction): string | undefined {
  const from = layout.nodes.get(ref);
  if (!from) return undefined;
  if (direction === "up" || direction === "down") return layout.order[layout.order.indexOf(ref) + (direction === "down" ? 1 : -1)];
  const side = direction === "right" ? 1 : -1;
  const ends = (edges.get(ref) ?? []).map((edge) => layout.nodes.get(edge.source === ref ? edge.target : edge.source)).filter((end) => end !== undefined);
  return nearest(from, ends, side) ?? nearest(from, [...layout.nodes.values()], side);
}

function nearest(from: Placed, candidates: readonly Placed[], side: number): string | undefined {
  let best: Placed | undefined;
  const distance = (to: Placed) => Math.abs(to.x - from.x) + 2 * Math.abs(to.y - from.y);
  for (const to of candidates) if ((to.x - from.x) * side > 0 && (!best || distance(to) < distance(best))) best = to;
  return best?.ref;
}
