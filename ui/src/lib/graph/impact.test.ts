import { describe, expect, it } from "vitest";
import { byOwner, drawnImpact, stepsOf } from "./impact";

const step = (source: string, target: string) => ({ source, type: "dependsOn", target });
const affected = [
  { ref: "web", owner: "group:a", depth: 1, effect: "breaks", path: [step("web", "db")] },
  { ref: "lost", depth: 1, effect: "loses", path: [step("lost", "db")] },
  { ref: "app", owner: "group:a", depth: 2, effect: "breaks", path: [step("web", "db"), step("app", "web")] },
] as const;
const copy = affected.map((item) => ({ ...item, path: [...item.path] }));

describe("an impact", () => {
  it("is drawn with the last step to each", () => {
    const { nodes, edges } = drawnImpact({ entity: { ref: "db" }, affected: copy, goes: [{ ref: "along" }] });
    expect(nodes.map(({ ref, depth }) => `${ref} ${depth}`)).toEqual(["db 0", "along 0", "web 1", "lost 1", "app 2"]);
    expect(edges).toEqual([step("web", "db"), step("lost", "db"), step("app", "web")]);
  });
  it("is listed by owner, most first", () => expect(byOwner(copy).map(({ owner, affected: list }) => [owner, list.length])).toEqual([["group:a", 2], [undefined, 1]]));
  it("is explained from what goes, whichever way edges run", () => expect(stepsOf("db", [step("web", "db"), { source: "web", type: "providesApi", target: "rest" }])).toEqual(["db", "web", "rest"]));
});
