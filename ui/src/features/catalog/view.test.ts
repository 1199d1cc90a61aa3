import { describe, expect, it } from "vitest";
import { parseQuery } from "@/lib/query/grammar";
import { facetRequests } from "./queries";
import { aboutPerson, pageRequest, viewFromSearch, viewOf } from "./view";

const context = { ownershipRefs: ["user:default/ada"] };
const terms = (source: string) => parseQuery(source).terms;

describe("viewFromSearch", () => {
  it.each([
    [{}, { query: "kind:component", page: 1 }],
    [{ q: "" }, { query: "", page: 1 }],
    [{ q: ["a", "b"], page: "3", sort: "-metadata.name" }, { query: "a", page: 3, sort: "-metadata.name" }],
    [{ columns: "owner,spec.personal" }, { query: "kind:component", page: 1, columns: "owner,spec.personal" }],
    [{ page: "0" }, { query: "kind:component", page: 1 }],
    [{ page: "x", sort: "name,desc" }, { query: "kind:component", page: 1 }],
  ])("%j", (search, want) => expect(viewFromSearch(search)).toEqual(want));
  it("begins with what the person chose, unless the URL says something", () => {
    expect(viewFromSearch({}, "owner:me").query).toBe("owner:me");
    expect(viewFromSearch({ q: "" }, "owner:me").query).toBe("");
  });
});

describe("viewOf", () => {
  const view = { query: "kind:dataset", sort: "spec.personal", columns: "spec.personal", page: 3 };
  it("keeps order and columns while the kind is the same", () => expect(viewOf(view, "kind:dataset owner:me")).toEqual({ query: "kind:dataset owner:me", sort: "spec.personal", columns: "spec.personal" }));
  it("leaves the columns of one kind behind for another", () => expect(viewOf(view, "kind:api")).toEqual({ query: "kind:api", sort: "spec.personal" }));
});

describe("pageRequest", () => {
  it("asks for the fields that only this kind has, too", () => expect(pageRequest({ query: "kind:dataset" }, context, [{ path: "spec.storedIn" }]).fields).toEqual(expect.arrayContaining(["metadata.name", "spec.storedIn"])));
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

describe("facetRequests of a kind with fields of its own", () => {
  it("counts them as any other", () => {
    expect(facetRequests(terms("kind:dataset spec.personal:true"), ["spec.personal", "relations.storedIn"])).toEqual([
      { keys: ["owner", "type", "lifecycle", "system", "tag", "relations.storedIn"], terms: terms("kind:dataset spec.personal:true") },
      { keys: ["kind"], terms: terms("spec.personal:true") },
      { keys: ["spec.personal"], terms: terms("kind:dataset") },
    ]);
  });
});

describe("aboutPerson", () => {
  it.each([["owner:me", "owner"], ["is:mine", "owner"], ["is:starred", "starred"], ["owner:team-a", ""], ["me", ""], ["-is:starred owner:me", "owner starred"]])("%s: %s", (source, want) => {
    const about = aboutPerson(terms(source));
    expect([about.owner && "owner", about.starred && "starred"].filter(Boolean).join(" ")).toBe(want);
  });
});
