import { describe, expect, it } from "vitest";
import { paths } from "@/lib/paths";
import { byOwner, requestOf, toggled, viewFromSearch } from "./view";

describe("viewFromSearch", () => {
  it.each([
    [{}, { types: [], owners: [], kinds: [], page: 1 }],
    [{ type: "dangling,nonsense,dangling", owner: "me,team-a,user:Ada,none", kind: "API", page: "3" }, { types: ["dangling"], owners: ["me", "group:default/team-a", "user:default/ada", "none"], kinds: ["api"], page: 3 }],
    [{ page: "-1", type: ["orphan", "x"] }, { types: ["orphan"], owners: [], kinds: [], page: 1 }],
  ])("%j", (search, want) => expect(viewFromSearch(search)).toEqual(want));

  it("reads what paths writes", () => {
    const view = { types: ["orphan", "dangling"], owners: ["group:default/a", "none"], kinds: ["api"], page: 2 };
    expect(viewFromSearch(paths.problems(view).search ?? {})).toEqual(view);
  });
});

describe("requestOf", () => {
  it("asks for everything that is the person's, once", () => {
    const view = viewFromSearch({ owner: "me,group:default/a", page: "2" });
    expect(requestOf(view, ["user:default/ada", "group:default/a"])).toMatchObject({ owners: ["user:default/ada", "group:default/a"], limit: 50, offset: 50 });
  });
});

describe("byOwner", () => {
  it("keeps the order and groups neighbours", () => {
    const item = (...owners: string[]) => ({ owners });
    expect(byOwner([item("a"), item("a", "b"), item("b"), item()]).map(({ owner, items }) => [owner, items.length])).toEqual([["a", 2], ["b", 1], [undefined, 1]]);
  });
});

describe("toggled", () => {
  it.each([[["a"], "b", ["a", "b"]], [["a", "b"], "a", ["b"]]])("%j %s", (values, value, want) => expect(toggled(values, value)).toEqual(want));
});
