import { describe, expect, it } from "vitest";
import { parseQuery } from "@/lib/query/grammar";
import { facetRequests } from "./queries";
import { needsOwnership, pageRequest, viewFromSearch } from "./view";

const context = { ownershipRefs: ["user:default/ada"] };
const terms = (source: string) => parseQuery(source).terms;

describe("viewFromSearch", () => {
  it.each([
    [{}, { query: "kind:component", page: 1 }],
    [{ q: "" }, { query: "", page: 1 }],
    [{ q: ["a", "b"], page: "3", sort: "-metadata.name" }, { query: "a", page: 3, sort: "-metadata.name" }],
    [{ page: "0" }, { query: "kind:component", page: 1 }],
    [{ page: "x", sort: "name,desc" }, { query: "kind:component", page: 1 }],
  ])("%j", (search, want) => expect(viewFromSearch(search)).toEqual(want));
});

describe("pageRequest", () => {
  it("pages, orders and breaks ties by name", () => {
    expect(pageRequest({ query: "kind:api", sort: "-spec.type", page: 3 }, context)).toMatchObject({ query: { kind: "api" }, limit: 50, offset: 100, orderField: ["spec.type,desc", "metadata.name,asc"] });
  });
  it("orders by name alone when asked to", () => expect(pageRequest({ sort: "metadata.name" }, context).orderField).toEqual(["metadata.name,asc"]));
});

describe("facetRequests", () => {
  it("counts a chosen field without its own terms and shares the rest", () => {
    expect(facetRequests(terms("kind:api tag:java"))).toEqual([
      { keys: ["owner", "type", "lifecycle", "system"], terms: terms("kind:api tag:java") },
      { keys: ["kind"], terms: terms("tag:java") },
      { keys: ["tag"], terms: terms("kind:api") },
    ]);
  });
});

describe("needsOwnership", () => {
  it.each([["owner:me", true], ["is:mine", true], ["owner:team-a", false], ["me", false]])("%s: %s", (source, want) => expect(needsOwnership(terms(source))).toBe(want));
});
