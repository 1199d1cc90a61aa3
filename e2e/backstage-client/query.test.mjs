// queryEntities: GET and POST /entities/by-query with cursors, predicates and full text.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { filterPredicateToFilterFunction } from "@backstage/filter-predicates";
import { ofKind } from "./descriptors.mjs";
import { client, everything, loaded, names, refs, sorted } from "./server.mjs";

const byName = { field: "metadata.name", order: "asc" };

/** Follows nextCursor to the end and returns every page. */
async function pages(request) {
  const all = [await client.queryEntities(request)];
  while (all.at(-1).pageInfo.nextCursor) {
    all.push(await client.queryEntities({ cursor: all.at(-1).pageInfo.nextCursor, limit: request.limit }));
    assert.ok(all.length < 100, "the cursors do not end");
  }
  return all;
}

// The same list asked for as a filter (GET) and as a predicate (POST).
const lists = [
  { name: "filter", request: { filter: { kind: "component" }, orderFields: byName } },
  { name: "predicate", request: { query: { kind: "component" }, orderFields: byName } },
];

describe("queryEntities", () => {
  before(loaded);
  const components = sorted(names(ofKind("Component")));

  for (const { name, request } of lists) {
    test(`${name}: cursors lead forward through every page`, async () => {
      const all = await pages({ ...request, limit: 5 });
      assert.equal(all.length, Math.ceil(components.length / 5));
      for (const page of all) assert.equal(page.totalItems, components.length);
      assert.deepEqual(all.flatMap((page) => names(page.items)), components);
      assert.equal(all[0].pageInfo.prevCursor, undefined);
    });

    test(`${name}: cursors lead back the same way`, async () => {
      const all = await pages({ ...request, limit: 5 });
      let page = all.at(-1);
      for (const want of all.slice(0, -1).reverse()) {
        assert.ok(page.pageInfo.prevCursor, "no cursor back");
        page = await client.queryEntities({ cursor: page.pageInfo.prevCursor, limit: 5 });
        assert.deepEqual(names(page.items), names(want.items));
      }
      assert.equal(page.pageInfo.prevCursor, undefined, "there is nothing before the first page");
      const forward = await client.queryEntities({ cursor: page.pageInfo.nextCursor, limit: 5 });
      assert.deepEqual(names(forward.items), names(all[1].items));
    });

    test(`${name}: streamEntities has everything once`, async () => {
      const seen = [];
      for await (const page of client.streamEntities({ ...request, pageSize: 7 })) {
        assert.ok(page.length <= 7);
        seen.push(...page);
      }
      assert.deepEqual(names(seen), components);
    });

    test(`${name}: offset skips`, async () => {
      const { items } = await client.queryEntities({ ...request, offset: 3, limit: 4 });
      assert.deepEqual(names(items), components.slice(3, 7));
    });

    test(`${name}: order descends`, async () => {
      const { items } = await client.queryEntities({ ...request, orderFields: [{ field: "metadata.name", order: "desc" }], limit: 100 });
      assert.deepEqual(names(items), [...components].reverse());
    });

    test(`${name}: fields leaves out everything else, on later pages too`, async () => {
      const first = await client.queryEntities({ ...request, limit: 2, fields: ["metadata.name"] });
      assert.deepEqual(first.items, components.slice(0, 2).map((component) => ({ metadata: { name: component } })));
      const second = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 2, fields: ["metadata.name"] });
      assert.deepEqual(second.items, components.slice(2, 4).map((component) => ({ metadata: { name: component } })));
    });

    test(`${name}: a limit of 0 only counts`, async () => {
      const { items, totalItems } = await client.queryEntities({ ...request, limit: 0 });
      assert.deepEqual({ items, totalItems }, { items: [], totalItems: components.length });
    });

    test(`${name}: full text looks into the named fields only`, async () => {
      const fullTextFilter = { term: "LEDGER", fields: ["metadata.name", "metadata.title"] };
      const { items, totalItems } = await client.queryEntities({ ...request, limit: 50, fullTextFilter });
      assert.deepEqual(names(items), ["ledger-core", "ledger-go"]);
      assert.equal(totalItems, 2);
      const none = await client.queryEntities({ ...request, limit: 50, fullTextFilter: { term: "LEDGER", fields: ["spec.lifecycle"] } });
      assert.deepEqual(none.items, []);
    });
  }

  test("without a limit a page has 20", async () => {
    const { items, totalItems } = await client.queryEntities({ filter: { kind: "component" } });
    assert.equal(items.length, 20);
    assert.equal(totalItems, components.length);
  });

  test("a filter beside a predicate is AND", async () => {
    const { items } = await client.queryEntities({ query: { "spec.type": "service" }, filter: { "spec.lifecycle": "experimental" }, orderFields: byName, limit: 50 });
    const want = ofKind("Component").filter((d) => d.spec.type === "service" && d.spec.lifecycle === "experimental");
    assert.deepEqual(names(items), sorted(names(want)));
  });
});

// Backstage's own evaluator of predicates says what each of them must find.
describe("query predicates", () => {
  before(loaded);

  const predicates = [
    { kind: "component" },
    { KIND: "Component", "spec.type": "SERVICE" },
    { "spec.type": { $in: ["service", "library"] } },
    { "metadata.annotations.sentry.io/project-slug": { $exists: true } },
    { kind: "component", "spec.subcomponentOf": { $exists: false } },
    { "metadata.name": { $hasPrefix: "ledger" } },
    { "metadata.tags": { $contains: "go" } },
    { relations: { $contains: { type: "ownedBy", targetRef: "group:default/ledger" } } },
    { $all: [{ kind: "component" }, { "spec.lifecycle": "production" }] },
    { $any: [{ kind: "domain" }, { kind: "system" }] },
    { $all: [{ kind: "component" }, { $not: { "spec.lifecycle": "production" } }] },
    { $all: [{ kind: "api" }, { $any: [{ "spec.type": "grpc" }, { $not: { "spec.lifecycle": { $in: ["production", "experimental"] } } }] }] },
    { $not: { $any: [{ kind: "component" }, { kind: "location" }, { kind: "group" }] } },
  ];
  for (const query of predicates) {
    test(JSON.stringify(query), async () => {
      const want = (await everything()).filter(filterPredicateToFilterFunction(lowerCaseRoot(query)));
      assert.ok(want.length > 0, "the example company has nothing to find");
      const { items, totalItems } = await client.queryEntities({ query, limit: 500 });
      assert.deepEqual(sorted(refs(items)), sorted(refs(want)));
      assert.equal(totalItems, want.length);
    });
  }
});

// The evaluator compares values in any case but reads keys as they are; the catalog folds both.
function lowerCaseRoot(query) {
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key === "KIND" ? "kind" : key, value]));
}
