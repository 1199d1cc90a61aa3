import { describe, expect, it } from "vitest";
import type { CatalogModel, ModelField } from "@/api/types";
import { visibleColumns } from "@/ui/table/preferences";
import { columnsFor } from "./columns";
import { areFew, ownFacet } from "./own-facets";

const field = (path: string, more: Partial<ModelField> = {}): ModelField => ({ path, plugin: "datasets", required: false, ...more });

describe("ownFacet", () => {
  it("asks for a field by its path", () => expect(ownFacet(field("spec.format"))).toMatchObject({ key: "spec.format", title: "format" }));
  it("asks for refs by their relation, whose targets are complete, and writes them short", () => {
    const facet = ownFacet(field("spec.storedIn", { title: "Stored in", relation: { type: "storedIn", defaultKind: "Resource" } }));
    expect([facet?.key, facet?.title, facet?.labelOf("resource:default/store"), facet?.labelOf("component:sales/shop")]).toEqual(["relations.storedIn", "Stored in", "store", "component:sales/shop"]);
  });
  it("says yes and no for flags", () => expect(["true", "false"].map((value) => ownFacet(field("spec.personal", { type: "boolean" }))?.labelOf(value))).toEqual(["Yes", "No"]));
  it.each([
    ["a field that is computed for each", { format: "{metadata.name}" }],
    ["a measure", { type: "number" }],
    ["refs that have a facet for every kind", { relation: { type: "ownedBy", defaultKind: "Group" } }],
  ])("leaves out %s", (_, more) => expect(ownFacet(field("spec.x", more))).toBeUndefined());
});

describe("areFew", () => {
  const values = (count: number, label = "v") => Array.from({ length: count }, (_, at) => ({ value: `${label}${at}`, label: `${label}${at}`, count: 1 }));
  it.each([
    [true, values(30)],
    [false, values(31)],
    [false, values(2, "a sentence that nobody would choose by its box ")],
    [false, []],
  ])("%s", (want, of) => expect(areFew(of)).toBe(want));
});

describe("columnsFor", () => {
  const kind = (name: string, fields: ModelField[]): CatalogModel["kinds"][number] => ({ kind: name, plugin: "datasets", extendedBy: [], apiVersions: ["v1"], schemas: [], fields, variants: [] });
  const model: CatalogModel = {
    kinds: [kind("Component", [field("spec.owner", { plugin: "catalog" }), field("spec.steward")]), kind("Dataset", [field("spec.owner"), field("spec.lifecycle"), field("spec.link", { format: "{metadata.name}" }), ...["a", "b", "c", "d", "e"].map((name) => field(`spec.${name}`)), field("spec.z", { relation: { type: "storedIn" } })])],
    relations: [],
    annotations: [],
    labels: [],
  };
  it("offers what plugins add to a kind of the catalog, whose columns stay", () => {
    const before = columnsFor("component");
    expect(columnsFor("component", model).map(({ id, hidden }) => (hidden ? `(${id})` : id))).toEqual([...before.map(({ id, hidden }) => (hidden ? `(${id})` : id)), "(spec.steward)"]);
  });
  it("shows a kind of a plugin by its refs and the first of its fields, instead of the description, and what it has in common with others only where it declares that", () => {
    const columns = columnsFor("dataset", model);
    expect(visibleColumns(columns, {})).toEqual(["owner", "lifecycle", "spec.z", "spec.a", "spec.b", "spec.c", "health"]);
    expect(columns.map(({ id }) => id)).toEqual(expect.arrayContaining(["spec.link", "spec.e", "description"]));
  });
  it("is the layout of any kind without the model", () => expect(columnsFor("dataset")).toBe(columnsFor(undefined)));
});
