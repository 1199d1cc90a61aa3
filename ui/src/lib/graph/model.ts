/** An entity of a graph, as far as drawing it needs. */
export interface NodeFacts {
  ref: string;
  kind: string;
  system?: string;
}

/** A pair of relations, named as its first type is. */
export interface Edge {
  source: string;
  type: string;
  target: string;
}

/** The second type of each of Backstage's pairs: how an edge reads from its target. */
export const INVERSE: Readonly<Record<string, string>> = {
  ownedBy: "ownerOf",
  dependsOn: "dependencyOf",
  consumesApi: "apiConsumedBy",
  providesApi: "apiProvidedBy",
  partOf: "hasPart",
  parentOf: "childOf",
  memberOf: "hasMember",
};

/** How an edge reads from one of its ends: the relation and where it leads. */
export function seenFrom(ref: string, edge: Edge): { relation: string; other: string } {
  return edge.source === ref ? { relation: edge.type, other: edge.target } : { relation: INVERSE[edge.type] ?? edge.type, other: edge.source };
}

/** The edges at each entity. */
export function edgesByRef(edges: readonly Edge[]): Map<string, Edge[]> {
  const at = new Map<string, Edge[]>();
  const add = (ref: string, edge: Edge) => {
    const list = at.get(ref);
    if (list) list.push(edge);
    else at.set(ref, [edge]);
  };
  for (const edge of edges) {
    add(edge.source, edge);
    if (edge.target !== edge.source) add(edge.target, edge);
  }
  return at;
}

/** One line of the list that says what a graph says. */
export interface TreeItem {
  ref: string;
  /** It has its own lines elsewhere in the list. */
  again: boolean;
  groups: TreeGroup[];
}

export interface TreeGroup {
  /** The relation, read from the entity above. */
  relation: string;
  items: TreeItem[];
}

/**
 * The graph as nested lists: each entity stands once with everything that it is related to, as near to a start as
 * it gets; every edge is said once.
 */
export function toTree(nodes: readonly NodeFacts[], edges: readonly Edge[], starts: readonly string[]): TreeItem[] {
  const at = edgesByRef(edges);
  const known = new Set(nodes.map((node) => node.ref));
  const items = new Map<string, TreeItem>();
  const said = new Set<Edge>();
  const begin = (ref: string) => {
    const item: TreeItem = { ref, again: false, groups: [] };
    items.set(ref, item);
    return item;
  };
  const grow = (roots: TreeItem[]) => {
    const queue = [...roots];
    for (let item = queue.shift(); item; item = queue.shift()) {
      const groups = new Map<string, TreeItem[]>();
      for (const edge of at.get(item.ref) ?? []) {
        const { relation, other } = seenFrom(item.ref, edge);
        if (said.has(edge) || !known.has(other)) continue;
        said.add(edge);
        const again = items.has(other);
        const child: TreeItem = again ? { ref: other, again, groups: [] } : begin(other);
        if (!again) queue.push(child);
        groups.set(relation, [...(groups.get(relation) ?? []), child]);
      }
      item.groups = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([relation, list]) => ({ relation, items: list }));
    }
    return roots;
  };
  const roots = grow(starts.filter((ref) => known.has(ref)).map(begin));
  // What no edge leads to stands beside the starts.
  for (const { ref } of nodes) if (!items.has(ref)) roots.push(...grow([begin(ref)]));
  return roots;
}
