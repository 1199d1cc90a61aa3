import { describe, expect, it } from "vitest";
import type { Entity, EntityStatusItem } from "@/api/types";
import { displayName, hasProblem, healthOf, kindWords, relationsByType } from "./facts";

const entity = (over: Partial<Entity> = {}): Entity => ({ apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "ledger" }, ...over });
const item = (level: EntityStatusItem["level"]): EntityStatusItem => ({ type: "backstage.io/catalog-processing", level, message: "m" });

describe("facts of an entity", () => {
  it.each([
    [entity(), "ledger"],
    [entity({ metadata: { name: "ledger", title: "Ledger" } }), "Ledger"],
    [entity({ spec: { profile: { displayName: "Ada" } } }), "Ada"],
    [entity({ spec: { profile: "broken" } }), "ledger"],
  ])("display name of %j is %s", (subject, want) => expect(displayName(subject)).toBe(want));

  it.each([
    [entity(), "ok"],
    [entity({ status: { items: [item("info")] } }), "neutral"],
    [entity({ status: { items: [item("info"), item("warning")] } }), "warning"],
    [entity({ status: { items: [item("warning"), item("error")] } }), "error"],
    [entity({ metadata: { name: "x", annotations: { "backstage.io/orphan": "true" } } }), "warning"],
  ])("health of %j is %s", (subject, want) => {
    expect(healthOf(subject).status).toBe(want);
    expect(hasProblem(subject)).toBe(want === "warning" || want === "error");
  });

  it("groups relations and drops doubles", () => {
    const groups = relationsByType([{ type: "dependsOn", targetRef: "b" }, { type: "dependsOn", targetRef: "a" }, { type: "dependsOn", targetRef: "b" }, { type: "ownedBy", targetRef: "g" }]);
    expect([...groups]).toEqual([["dependsOn", ["a", "b"]], ["ownedBy", ["g"]]]);
  });

  it.each([["api", "APIs"], ["Component", "Components"], ["policy", "Policies"], ["AiResource", "AI resources"]])("many of %s are %s", (kind, many) => expect(kindWords(kind).many).toBe(many));
});
