import { describe, expect, it } from "vitest";
import { NODE_HEIGHT, NODE_WIDTH, place } from "./layout";
import { edgesByRef, toTree, type Edge, type NodeFacts, type TreeItem } from "./model";
import { neighbour, type Direction } from "./navigate";
import { requestOf, searchOf, viewOf } from "./view";

const node = (ref: string, system?: string): NodeFacts => ({ ref, kind: "Component", ...(system !== undefined && { system }) });
const edge = (text: string): Edge => {
  const [source = "", type = "", target = ""] = text.split(" ");
  return { source, type, target };
};

/** 500 entities that hang together, in 40 systems, the same at each run. */
function large(): { nodes: NodeFacts[]; edges: Edge[] } {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  const nodes = Array.from({ length: 500 }, (_, index) => node(`n${index}`, index % 3 === 0 ? undefined : `s${random(40)}`));
  const edges = nodes.slice(1).map((_, index) => edge(random(2) === 0 ? `n${index + 1} dependsOn n${random(index + 1)}` : `n${random(index + 1)} dependsOn n${index + 1}`));
  for (let extra = 0; extra < 400; extra++) edges.push(edge(`n${random(500)} consumesApi n${random(500)}`));
  return { nodes, edges };
}

describe("placing a graph", () => {
  it("puts what needs an entity left of it and what it needs right", () => {
    const { nodes } = place([node("a"), node("b"), node("c")], [edge("a dependsOn b"), edge("b dependsOn c")], ["b"]);
    expect([...nodes.values()].sort((one, other) => one.x - other.x).map(({ ref }) => ref)).toEqual(["a", "b", "c"]);
  });

  it("keeps a system together, with room for its name", () => {
    const refs = ["a", "b", "c", "d"];
    const { nodes, groups } = place([node("x"), ...refs.map((ref) => node(ref, ref === "a" || ref === "d" ? "one" : "two"))], refs.map((ref) => edge(`x dependsOn ${ref}`)), ["x"]);
    expect(groups.map(({ system }) => system).sort()).toEqual(["one", "two"]);
    for (const box of groups) {
      const inside = [...nodes.values()].filter(({ x, y }) => x >= box.x && x + NODE_WIDTH <= box.x + box.width && y > box.y && y + NODE_HEIGHT < box.y + box.height);
      expect(inside.map(({ ref }) => ref).sort()).toEqual(box.system === "one" ? ["a", "d"] : ["b", "c"]);
    }
  });

  it("places 500 entities, none on another, in a shape that fits a screen", () => {
    const { nodes, edges } = large();
    const layout = place(nodes, edges, ["n0"]);
    expect(layout.nodes.size).toBe(500);
    const all = [...layout.nodes.values()];
    const overlaps = all.filter((one, index) => all.slice(index + 1).some((other) => Math.abs(one.x - other.x) < NODE_WIDTH && Math.abs(one.y - other.y) < NODE_HEIGHT));
    expect(overlaps).toEqual([]);
    expect(all.every(({ x, y }) => x >= 0 && y >= 0 && x + NODE_WIDTH <= layout.width && y + NODE_HEIGHT <= layout.height)).toBe(true);
    expect(layout.width / layout.height).toBeLessThan(8);
    expect(place(nodes, edges, ["n0"])).toEqual(layout);
  });

  it("places what hangs together with nothing, and circles", () => {
    expect(place([node("a"), node("b")], [], ["a"]).nodes.size).toBe(2);
    expect(place([node("a"), node("b")], [edge("a dependsOn b"), edge("b dependsOn a"), edge("a dependsOn a")], ["a"]).nodes.size).toBe(2);
    expect(place([], [], ["a"])).toMatchObject({ groups: [], width: 0, height: 0 });
  });
});

describe("moving through a graph", () => {
  it("follows edges to the left and right", () => {
    const edges = [edge("a dependsOn b"), edge("b dependsOn c")];
    const layout = place([node("a"), node("b"), node("c")], edges, ["b"]);
    const at = edgesByRef(edges);
    expect(neighbour(layout, at, "b", "right")).toBe("c");
    expect(neighbour(layout, at, "b", "left")).toBe("a");
    expect(neighbour(layout, at, "a", "left")).toBeUndefined();
  });

  it("reaches each of 500 entities by arrow keys", () => {
    const { nodes, edges } = large();
    const layout = place(nodes, edges, ["n0"]);
    const at = edgesByRef(edges);
    const seen = new Set(["n0"]);
    for (const ref of seen) {
      for (const direction of ["left", "right", "up", "down"] satisfies Direction[]) {
        const next = neighbour(layout, at, ref, direction);
        if (next !== undefined) seen.add(next);
      }
    }
    expect(seen.size).toBe(500);
    expect(new Set(layout.order)).toEqual(seen);
  });
});

describe("the list of a graph", () => {
  const facts = (items: readonly TreeItem[], depth = 0): string[] =>
    items.flatMap((item) => [`${" ".repeat(depth)}${item.ref}${item.again ? "*" : ""}`, ...item.groups.flatMap((group) => [`${" ".repeat(depth)}-${group.relation}`, ...facts(group.items, depth + 1)])]);

  it("says every edge once, from the entity nearest to the start", () => {
    const edges = [edge("a dependsOn b"), edge("c dependsOn a"), edge("b dependsOn d"), edge("c dependsOn d")];
    expect(facts(toTree(["a", "b", "c", "d"].map((ref) => node(ref)), edges, ["a"]))).toEqual(["a", "-dependencyOf", " c", " -dependsOn", "  d*", "-dependsOn", " b", " -dependsOn", "  d"]);
  });

  it("says all of 500 entities and their edges", () => {
    const { nodes, edges } = large();
    const lines = facts(toTree(nodes, edges, ["n0"])).filter((line) => !line.trimStart().startsWith("-"));
    expect(new Set(lines.map((line) => line.trim().replace("*", "")))).toEqual(new Set(nodes.map(({ ref }) => ref)));
    expect(lines.length).toBe(edges.length + 1);
  });
});

describe("the view in the URL", () => {
  it.each([
    [{}, { mode: undefined, depth: 1, direction: "both", relations: [], kinds: [], expanded: [], impact: false }],
    [{ view: "list", depth: "3", direction: "incoming", relations: "dependsOn,ownedBy", kinds: "api", expand: "api:default/a", impact: "1" }, { mode: "list", depth: 3, direction: "incoming", relations: ["dependsOn", "ownedBy"], kinds: ["api"], expanded: ["api:default/a"], impact: true }],
    [{ view: "cube", depth: "99", direction: "up", impact: "yes" }, { mode: undefined, depth: 1, direction: "both", relations: [], kinds: [], expanded: [], impact: false }],
  ])("%j reads as %j", (search, want) => {
    expect(viewOf(search)).toEqual(want);
    expect(viewOf(searchOf(viewOf(search)))).toEqual(want);
  });

  it("asks for no more than is drawn", () => expect(requestOf(viewOf({ kinds: "api" }), ["component:default/a"])).toEqual({ entityRefs: ["component:default/a"], maxDepth: 1, maxNodes: 500, fanOut: 40, direction: "both", kinds: ["api"] }));
});
