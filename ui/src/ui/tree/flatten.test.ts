import { describe, expect, it } from "vitest";
import { flatten, moveInTree } from "./flatten";

const children: Record<string, string[]> = { a: ["b", "c"], b: ["d"], c: ["a"], e: [] };
const tree = (open: string[]) => flatten({ roots: ["a", "e"], childrenOf: (id) => children[id] ?? [], isOpen: (path) => open.includes(path) });

describe("flatten", () => {
  it("shows what is open, with the place of each among its siblings", () => {
    expect(tree([]).map(({ id, level, expanded, position, siblings }) => [id, level, expanded, position, siblings])).toEqual([
      ["a", 1, false, 1, 2],
      ["e", 1, undefined, 2, 2],
    ]);
    expect(tree(["a", "a\nb"]).map(({ id, level, expanded }) => [id, level, expanded])).toEqual([
      ["a", 1, true],
      ["b", 2, true],
      ["d", 3, undefined],
      // Its only child is the group above it.
      ["c", 2, undefined],
      ["e", 1, undefined],
    ]);
  });
});

describe("moveInTree", () => {
  const lines = tree(["a", "a\nb"]);
  it.each([
    [0, "ArrowDown", { to: 1 }],
    [4, "ArrowDown", undefined],
    [0, "ArrowUp", undefined],
    [2, "Home", { to: 0 }],
    [2, "End", { to: 4 }],
    [1, "ArrowRight", { to: 2 }],
    [2, "ArrowRight", undefined],
    [1, "ArrowLeft", { open: false }],
    [2, "ArrowLeft", { to: 1 }],
    [3, "ArrowLeft", { to: 0 }],
    [4, "ArrowLeft", undefined],
    [0, "Enter", "follow"],
    [0, " ", { open: false }],
    [2, " ", undefined],
    [0, "q", undefined],
  ])("%i %s", (at, key, want) => expect(moveInTree(lines, at, key)).toEqual(want));
});
