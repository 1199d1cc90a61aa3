import type { Edge } from "./model";

interface Affected {
  ref: string;
  owner?: string;
  depth: number;
  effect: "breaks" | "loses";
  path: Edge[];
}

/** The graph that explains an impact: what goes, what is affected, and the last step to each. */
export function drawnImpact<N extends { ref: string }>(impact: { entity: N; affected: readonly (N & Affected)[]; goes: readonly N[] }): { nodes: (N & { depth: number })[]; edges: Edge[] } {
  const nodes = [{ ...impact.entity, depth: 0 }, ...impact.goes.map((node) => ({ ...node, depth: 0 })), ...impact.affected];
  return { nodes, edges: impact.affected.flatMap(({ path }) => path.slice(-1)) };
}

/** What is affected, by owner: whoever has the most comes first, what nobody owns last of equals. */
export function byOwner<T extends Affected>(affected: readonly T[]): { owner: string | undefined; affected: T[] }[] {
  const groups = new Map<string | undefined, T[]>();
  for (const item of affected) {
    const list = groups.get(item.owner);
    if (list) list.push(item);
    else groups.set(item.owner, [item]);
  }
  return [...groups].map(([owner, list]) => ({ owner, affected: list })).sort((a, b) => b.affected.length - a.affected.length || (a.owner ?? "\uffff").localeCompare(b.owner ?? "\uffff"));
}

/** The entities on the way from what goes to what is affected, both ends in. */
export function stepsOf(start: string, path: readonly Edge[]): string[] {
  const steps = [start];
  for (const { source, target } of path) steps.push(source === steps.at(-1) ? target : source);
  return steps;
}
