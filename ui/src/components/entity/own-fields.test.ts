import { describe, expect, it } from "vitest";
import type { CatalogModel, Entity, ModelField } from "@/api/types";
import { kindDeclares, ownFields, ownFieldsOfKind } from "./own-fields";

const field = (path: string, more: Partial<ModelField> = {}): ModelField => ({ path, plugin: "datasets", required: false, ...more });

function model(fields: ModelField[], variants: { type: string; fields: ModelField[] }[] = []): CatalogModel {
  const kind = { kind: "Dataset", plugin: "datasets", extendedBy: [], apiVersions: ["v1"], schemas: [], fields, variants: variants.map((one) => ({ ...one, schemas: [] })) };
  return { kinds: [kind], relations: [], annotations: [], labels: [] };
}

const entity = (spec: Record<string, unknown>): Entity => ({ apiVersion: "v1", kind: "Dataset", metadata: { name: "orders", namespace: "sales" }, spec });

describe("ownFields", () => {
  it.each([
    ["text", "weekly", {}, { type: "text", text: "weekly" }],
    ["a number, 0 too", 0, {}, { type: "text", text: "0" }],
    ["a flag that is off", false, {}, { type: "flag", on: false }],
    ["a list", ["a", 2, true], {}, { type: "text", text: "a, 2, true" }],
    ["a link", "https://a.example/x", {}, { type: "url", url: "https://a.example/x" }],
    ["what only looks like a link", "javascript:alert(1)", {}, { type: "text", text: "javascript:alert(1)" }],
    ["a ref of the default kind, in the entity's namespace", "store", { relation: { type: "storedIn", defaultKind: "Resource" } }, { type: "refs", refs: ["resource:sales/store"] }],
    ["refs", ["group:a", "user:b/c"], { relation: { type: "knownBy" } }, { type: "refs", refs: ["group:sales/a", "user:b/c"] }],
    ["a complete ref that is copied from another entity", "Group:ops/a", { mirrored: { relation: "storedIn", from: "spec.owner" } }, { type: "refs", refs: ["group:ops/a"] }],
    ["one that only the other entity completes", "a", { mirrored: { relation: "storedIn", from: "spec.owner" } }, { type: "text", text: "a" }],
    ["refs of which one is none", ["group:a", "b"], { relation: { type: "knownBy" } }, { type: "text", text: "group:a, b" }],
  ])("%s", (_, value, more, want) => {
    expect(ownFields(model([field("spec.x", more)]), entity({ x: value })).map((one) => one.value)).toEqual([want]);
  });

  it.each([["absent", undefined], ["null", null], ["empty", ""], ["an empty list", []], ["an object", { a: 1 }]])("leaves out what says nothing: %s", (_, value) => {
    expect(ownFields(model([field("spec.x")]), entity({ x: value }))).toEqual([]);
  });

  it("leaves out what has its place on every page, and the fields of core kinds", () => {
    const fields = [field("spec.owner"), field("spec.type"), field("spec.core", { plugin: "catalog" }), field("spec.steward")];
    expect(ownFields(model(fields), entity({ owner: "a", type: "t", core: "c", steward: "s" })).map(({ path }) => path)).toEqual(["spec.steward"]);
  });

  it("takes the form of the entity's type, and no other", () => {
    const forms = model([field("spec.x", { title: "X" })], [{ type: "stream", fields: [field("spec.x", { title: "Rate" })] }, { type: "table", fields: [field("spec.rows")] }]);
    expect(ownFields(forms, entity({ type: "stream", x: 1, rows: 2 })).map(({ label }) => label)).toEqual(["Rate"]);
  });

  it("names a field by its last part where the plugin gives no title, and reads nested ones", () => {
    expect(ownFields(model([field("spec.kept.days", { description: "How long." })]), entity({ kept: { days: 30 } }))).toEqual([{ path: "spec.kept.days", label: "days", description: "How long.", value: { type: "text", text: "30" } }]);
  });

  it("shows nothing of another apiVersion, nor what is not the entity's own", () => {
    expect(ownFields(model([field("spec.x")]), { ...entity({ x: 1 }), apiVersion: "v2" })).toEqual([]);
    expect(ownFields(model([field("spec.constructor.name")]), entity({}))).toEqual([]);
  });
});

describe("ownFieldsOfKind", () => {
  it("takes the fields of every form once, by the first that names them, whatever case the kind is written in", () => {
    const forms = model([field("spec.x", { title: "X" }), field("spec.owner"), field("spec.core", { plugin: "catalog" })], [{ type: "stream", fields: [field("spec.x", { title: "Rate" }), field("spec.rows")] }]);
    expect(ownFieldsOfKind(forms, "dataset").map(({ path, title }) => [path, title])).toEqual([["spec.x", "X"], ["spec.rows", undefined]]);
    expect(ownFieldsOfKind(forms, "api")).toEqual([]);
  });

  it("leaves out objects and lists of them", () => {
    const own = model([field("spec.one", { type: "object" }), field("spec.many", { type: "array" }), field("spec.words", { type: "array" })]);
    const list = (type: string) => ({ type: "array", items: { type } });
    own.kinds[0]?.schemas.push({ plugin: "datasets", schema: { properties: { spec: { properties: { many: list("object"), words: list("string") } } } } });
    expect(ownFieldsOfKind(own, "dataset").map(({ path }) => path)).toEqual(["spec.words"]);
  });

  it("knows what a kind can say in any form", () => {
    const forms = model([field("spec.owner")], [{ type: "stream", fields: [field("spec.lifecycle")] }]);
    expect(["spec.owner", "spec.lifecycle", "spec.system"].map((path) => kindDeclares(forms, "dataset", path))).toEqual([true, true, false]);
  });
});
