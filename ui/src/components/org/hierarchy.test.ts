import { describe, expect, it } from "vitest";
import type { Entity } from "@/api/types";
import { allMembers, allOwned, below, matching, orgOf, withAbove } from "./hierarchy";

const group = (name: string, relations: Record<string, string[]> = {}): Entity => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Group",
  metadata: { name, namespace: "default" },
  spec: { type: "team" },
  relations: Object.entries(relations).flatMap(([type, refs]) => refs.map((targetRef) => ({ type, targetRef }))),
});
const ref = (name: string) => `group:default/${name}`;

const company = orgOf([
  group("company", { parentOf: [ref("web"), ref("core"), ref("hidden")] }),
  group("web", { childOf: [ref("company")], hasMember: ["user:default/ada"], ownerOf: ["component:default/shop"] }),
  group("core", { childOf: [ref("company")], parentOf: [ref("data")], hasMember: ["user:default/bo", "user:default/ada"], ownerOf: ["component:default/shop", "api:default/pay"] }),
  group("data", { childOf: [ref("core")], hasMember: ["user:default/cy"] }),
  group("lost", { childOf: [ref("gone")] }),
]);

describe("orgOf", () => {
  it("puts groups below their parents, by name, and what has none that is visible on top", () => {
    expect(company.roots).toEqual([ref("company"), ref("lost")]);
    expect(company.groups.get(ref("company"))?.children).toEqual([ref("core"), ref("web")]);
  });
  it("shows groups that are each other's parents, once", () => {
    const tangled = orgOf([group("b", { childOf: [ref("a")], parentOf: [ref("a")] }), group("a", { childOf: [ref("b")], parentOf: [ref("b")] })]);
    expect(tangled.roots).toEqual([ref("a")]);
    expect(below(tangled, ref("a"))).toEqual([ref("b")]);
  });
});

describe("what a group has with those below it", () => {
  it("counts each member once and names every way to belong", () => {
    expect(allMembers(company, ref("company"))).toEqual([
      { ref: "user:default/ada", through: [ref("core"), ref("web")] },
      { ref: "user:default/bo", through: [ref("core")] },
      { ref: "user:default/cy", through: [ref("data")] },
    ]);
  });
  it("counts each thing once", () => expect(allOwned(company, ref("company")).sort()).toEqual(["api:default/pay", "component:default/shop"]));
});

describe("withAbove", () => {
  it("goes up from each, once", () => expect(withAbove(company, [ref("data"), ref("web")])).toEqual([ref("data"), ref("core"), ref("company"), ref("web")]));
});

describe("matching", () => {
  it("keeps the way down to a hit", () => {
    const { hits, shown } = matching(company, "DAT");
    expect([...hits]).toEqual([ref("data")]);
    expect([...shown].sort()).toEqual([ref("company"), ref("core"), ref("data")]);
  });
});
