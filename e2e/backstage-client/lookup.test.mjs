// Reading by ref, facets, ancestry.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { descriptors, ofKind } from "./descriptors.mjs";
import { client, everything, loaded, ref } from "./server.mjs";

before(loaded);

describe("getEntityByRef", () => {
  test("has what the descriptor says", async () => {
    const entity = await client.getEntityByRef("component:default/ledger-core");
    const descriptor = ofKind("Component").find((d) => d.metadata.name === "ledger-core");
    assert.deepEqual(entity.spec, descriptor.spec);
    for (const [key, value] of Object.entries(descriptor.metadata)) {
      if (key !== "annotations") assert.deepEqual(entity.metadata[key], value, key);
    }
    for (const [key, value] of Object.entries(descriptor.metadata.annotations)) assert.equal(entity.metadata.annotations[key], value);
    assert.equal(entity.metadata.namespace, "default");
    assert.match(entity.metadata.annotations["backstage.io/managed-by-location"], /^file:.*\/ledger\/ledger-core\/catalog-info\.yaml$/);
    assert.match(entity.metadata.annotations["backstage.io/managed-by-origin-location"], /^file:.*\/examples\/catalog\/catalog-info\.yaml$/);
  });

  test("has relations both ways", async () => {
    const relations = async (wanted) => (await client.getEntityByRef(wanted)).relations.map(({ type, targetRef }) => `${type} ${targetRef}`);
    const component = await relations("component:default/ledger-core");
    for (const relation of ["ownedBy group:default/ledger", "partOf system:default/ledger", "providesApi api:default/ledger-posting", "dependsOn resource:infra/ledger-db"]) {
      assert.ok(component.includes(relation), `${relation} is not in ${component.join(", ")}`);
    }
    assert.ok((await relations("group:default/ledger")).includes("ownerOf component:default/ledger-core"));
    assert.ok((await relations("system:default/ledger")).includes("hasPart component:default/ledger-core"));
    assert.ok((await relations("api:default/ledger-posting")).includes("apiProvidedBy component:default/ledger-core"));
    assert.ok((await relations("resource:infra/ledger-db")).includes("dependencyOf component:default/ledger-core"));
    assert.ok((await relations("group:default/streams")).includes("hasMember user:default/brook.millstone"));
  });

  test("takes a compound ref in any case", async () => {
    const entity = await client.getEntityByRef({ kind: "Component", namespace: "Default", name: "Ledger-Core" });
    assert.equal(ref(entity), "component:default/ledger-core");
  });

  test("has the text that a placeholder names", async () => {
    const entity = await client.getEntityByRef("api:default/stream-api");
    assert.equal(typeof entity.spec.definition, "string");
    assert.match(entity.spec.definition, /^openapi:/m);
  });

  test("is undefined for what is not there", async () => {
    assert.equal(await client.getEntityByRef("component:default/no-such-thing"), undefined);
    assert.equal(await client.getEntityByRef("no-such-kind:default/ledger-core"), undefined);
  });
});

describe("getEntitiesByRefs", () => {
  const entityRefs = ["system:default/ledger", "component:default/no-such-thing", "Component:default/LEDGER-core", "resource:infra/ledger-db", "system:default/ledger"];
  const found = ["system:default/ledger", undefined, "component:default/ledger-core", "resource:infra/ledger-db", "system:default/ledger"];
  const refsOf = ({ items }) => items.map((item) => item && ref(item));

  test("keeps length and order, with a gap for what is missing", async () => {
    assert.deepEqual(refsOf(await client.getEntitiesByRefs({ entityRefs })), found);
  });

  test("has a gap for what a filter leaves out", async () => {
    const want = [undefined, undefined, "component:default/ledger-core", undefined, undefined];
    assert.deepEqual(refsOf(await client.getEntitiesByRefs({ entityRefs, filter: { kind: "component" } })), want);
  });

  test("has a gap for what a predicate leaves out", async () => {
    const want = [undefined, undefined, "component:default/ledger-core", "resource:infra/ledger-db", undefined];
    assert.deepEqual(refsOf(await client.getEntitiesByRefs({ entityRefs, query: { $not: { kind: "system" } } })), want);
  });

  test("takes fields", async () => {
    const { items } = await client.getEntitiesByRefs({ entityRefs: ["resource:infra/ledger-db"], fields: ["metadata.name", "metadata.namespace"] });
    assert.deepEqual(items, [{ metadata: { name: "ledger-db", namespace: "infra" } }]);
  });

  test("of nothing is nothing", async () => {
    assert.deepEqual((await client.getEntitiesByRefs({ entityRefs: ["component:default/no-such-thing"] })).items, [undefined]);
  });
});

describe("getEntityFacets", () => {
  const counts = (values) => {
    const of = {};
    for (const value of values) of[value] = (of[value] ?? 0) + 1;
    return of;
  };
  const asObject = (facet) => Object.fromEntries(facet.map(({ value, count }) => [value, count]));

  test("counts kinds as they are written", async () => {
    const { facets } = await client.getEntityFacets({ facets: ["kind"] });
    assert.deepEqual(asObject(facets.kind), counts((await everything()).map((entity) => entity.kind)));
    assert.equal(asObject(facets.kind).Component, ofKind("Component").length);
  });

  test("counts several facets under a filter", async () => {
    const { facets } = await client.getEntityFacets({ facets: ["spec.type", "spec.lifecycle"], filter: { kind: "component" } });
    assert.deepEqual(asObject(facets["spec.type"]), counts(ofKind("Component").map((d) => d.spec.type)));
    assert.deepEqual(asObject(facets["spec.lifecycle"]), counts(ofKind("Component").map((d) => d.spec.lifecycle)));
  });

  test("counts under a predicate", async () => {
    const { facets } = await client.getEntityFacets({ facets: ["spec.type"], query: { kind: "api", "spec.lifecycle": { $in: ["production"] } } });
    assert.deepEqual(asObject(facets["spec.type"]), counts(ofKind("API").filter((d) => d.spec.lifecycle === "production").map((d) => d.spec.type)));
  });

  test("counts each item of a list", async () => {
    const { facets } = await client.getEntityFacets({ facets: ["metadata.tags"] });
    assert.deepEqual(asObject(facets["metadata.tags"]), counts(descriptors.flatMap((d) => d.metadata.tags ?? [])));
  });

  test("counts relations", async () => {
    const { facets } = await client.getEntityFacets({ facets: ["relations.ownedBy"], filter: { kind: "resource" } });
    assert.deepEqual(asObject(facets["relations.ownedBy"]), counts(ofKind("Resource").map((d) => d.spec.owner)));
  });

  test("of an unknown path is empty", async () => {
    assert.deepEqual((await client.getEntityFacets({ facets: ["spec.colour"] })).facets, { "spec.colour": [] });
  });
});

describe("getEntityAncestors", () => {
  test("leads to a root", async () => {
    const entityRef = "component:default/ledger-core";
    const answer = await client.getEntityAncestors({ entityRef });
    assert.equal(answer.rootEntityRef, entityRef);
    const parents = Object.fromEntries(answer.items.map(({ entity, parentEntityRefs }) => [ref(entity), parentEntityRefs]));
    assert.ok(parents[entityRef].includes("location:default/all"));
  });
});
