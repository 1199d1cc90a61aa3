// getEntities: GET /entities with filters, order, pages and fields.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { CATALOG_FILTER_EXISTS } from "@backstage/catalog-client";
import { descriptors, ofKind } from "./descriptors.mjs";
import { client, everything, loaded, names, refs, sorted } from "./server.mjs";

describe("getEntities", () => {
  before(loaded);

  test("without a filter has every descriptor, and nothing else but Locations", async () => {
    const others = (await everything()).filter((entity) => entity.kind !== "Location");
    assert.deepEqual(sorted(refs(others)), sorted(refs(descriptors.filter((d) => d.kind !== "Location"))));
  });

  const components = ofKind("Component");
  const filters = [
    { name: "one key", filter: { kind: "Component" }, want: components },
    { name: "any case", filter: { KIND: "cOMPONENT" }, want: components },
    { name: "several keys are AND", filter: { kind: "component", "spec.type": "website" }, want: components.filter((d) => d.spec.type === "website") },
    {
      name: "several values of a key are OR",
      filter: { kind: "component", "spec.type": ["website", "library"] },
      want: components.filter((d) => ["website", "library"].includes(d.spec.type)),
    },
    { name: "several filters are OR", filter: [{ kind: "system" }, { kind: "component", "spec.type": "library" }], want: [...ofKind("System"), ...components.filter((d) => d.spec.type === "library")] },
    {
      name: "a key with dots that exists",
      filter: { "metadata.annotations.sentry.io/project-slug": CATALOG_FILTER_EXISTS },
      want: descriptors.filter((d) => d.metadata.annotations?.["sentry.io/project-slug"]),
    },
    { name: "a label", filter: { "metadata.labels.weirlight.example/tier": "0" }, want: descriptors.filter((d) => d.metadata.labels?.["weirlight.example/tier"] === "0") },
    { name: "an item of a list", filter: { "metadata.tags": "go" }, want: descriptors.filter((d) => d.metadata.tags?.includes("go")) },
    { name: "an item of a list, as a key", filter: { "metadata.tags.rest": "true" }, want: descriptors.filter((d) => d.metadata.tags?.includes("rest")) },
    { name: "the namespace", filter: { "metadata.namespace": "infra" }, want: descriptors.filter((d) => d.metadata.namespace === "infra") },
    {
      name: "a relation",
      filter: { kind: "resource", "relations.ownedBy": "group:default/security" },
      want: ofKind("Resource").filter((d) => d.spec.owner === "group:default/security"),
    },
    { name: "nothing", filter: { kind: "component", "spec.type": "steam-engine" }, want: [] },
  ];
  for (const { name, filter, want } of filters) {
    test(`filter: ${name}`, async () => {
      if (name !== "nothing") assert.ok(want.length > 0, "the example company has nothing to find");
      const { items } = await client.getEntities({ filter });
      assert.deepEqual(sorted(refs(items)), sorted(refs(want)));
    });
  }

  test("order by one field, both ways", async () => {
    for (const order of ["asc", "desc"]) {
      const { items } = await client.getEntities({ filter: { kind: "component" }, order: { field: "metadata.name", order } });
      const want = sorted(names(components));
      assert.deepEqual(names(items), order === "asc" ? want : want.reverse());
    }
  });

  test("order by two fields: the second decides among equals", async () => {
    const { items } = await client.getEntities({
      filter: { kind: "component" },
      order: [
        { field: "spec.lifecycle", order: "desc" },
        { field: "metadata.name", order: "asc" },
      ],
    });
    const want = ["production", "experimental", "deprecated"].flatMap((lifecycle) => sorted(names(components.filter((d) => d.spec.lifecycle === lifecycle))));
    assert.deepEqual(names(items), want);
  });

  test("what lacks the field of the order comes last, whichever way", async () => {
    for (const order of ["asc", "desc"]) {
      const { items } = await client.getEntities({ filter: [{ kind: "system" }, { kind: "user" }], order: { field: "spec.type", order } });
      const kinds = items.map((entity) => entity.kind);
      assert.deepEqual(kinds, [...ofKind("System").map(() => "System"), ...ofKind("User").map(() => "User")]);
    }
  });

  test("offset and limit cut pages that add up", async () => {
    const request = { filter: { kind: "component" }, order: { field: "metadata.name", order: "asc" } };
    const pages = [];
    for (let offset = 0; offset < components.length; offset += 10) {
      const { items } = await client.getEntities({ ...request, offset, limit: 10 });
      assert.equal(items.length, Math.min(10, components.length - offset));
      pages.push(...items);
    }
    assert.deepEqual(names(pages), sorted(names(components)));
    assert.deepEqual((await client.getEntities({ ...request, offset: components.length, limit: 10 })).items, []);
  });

  test("fields leaves out everything else", async () => {
    const { items } = await client.getEntities({ filter: { kind: "system", "metadata.name": "ledger" }, fields: ["kind", "metadata.name", "spec.owner"] });
    assert.deepEqual(items, [{ kind: "System", metadata: { name: "ledger" }, spec: { owner: "group:default/ledger" } }]);
  });

  test("fields takes whole objects too", async () => {
    const { items } = await client.getEntities({ filter: { kind: "user", "metadata.name": "brook.millstone" }, fields: ["spec"] });
    assert.equal(items.length, 1);
    assert.deepEqual(Object.keys(items[0]), ["spec"]);
    assert.deepEqual(items[0].spec, ofKind("User").find((d) => d.metadata.name === "brook.millstone").spec);
  });
});
