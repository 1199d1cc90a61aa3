import { describe, expect, it } from "vitest";
import { parseQuery } from "./grammar";
import { compileQuery, TEXT_FIELDS, type CompiledQuery } from "./predicate";

const context = { ownershipRefs: ["user:default/ada", "group:default/ledger"], starred: ["component:default/a", "api:default/b", "component:default/c"] };
const text = (term: string) => ({ term, fields: TEXT_FIELDS });

describe("compileQuery", () => {
  const cases: [source: string, want: CompiledQuery][] = [
    ["", {}],
    ["kind:component", { query: { kind: "component" } }],
    ["kind:API,Component", { query: { kind: { $in: ["api", "component"] } } }],
    ["owner:team-a", { query: { "relations.ownedBy": "group:default/team-a" } }],
    ["owner:user:ada", { query: { "relations.ownedBy": "user:default/ada" } }],
    ["owner:me", { query: { "relations.ownedBy": { $in: ["user:default/ada", "group:default/ledger"] } } }],
    ["system:payments", { query: { "relations.partOf": "system:default/payments" } }],
    ["-lifecycle:deprecated", { query: { $not: { "spec.lifecycle": "deprecated" } } }],
    ["-owner:*", { query: { $not: { "relations.ownedBy": { $exists: true } } } }],
    ["name:pay*", { query: { "metadata.name": { $hasPrefix: "pay" } } }],
    ["name:pay*,ledger", { query: { $any: [{ "metadata.name": "ledger" }, { "metadata.name": { $hasPrefix: "pay" } }] } }],
    ["tag:java tag:go", { query: { $all: [{ "metadata.tags": "java" }, { "metadata.tags": "go" }] } }],
    ["is:orphan", { query: { "metadata.annotations.backstage.io/orphan": "true" } }],
    ["is:mine", { query: { "relations.ownedBy": { $in: ["user:default/ada", "group:default/ledger"] } } }],
    ["is:starred", { query: { $any: [{ $all: [{ kind: "component" }, { "metadata.namespace": "default" }, { "metadata.name": { $in: ["a", "c"] } }] }, { $all: [{ kind: "api" }, { "metadata.namespace": "default" }, { "metadata.name": { $in: ["b"] } }] }] } }],
    ["is:blue", { query: { $any: [] } }],
    ["metadata.labels.tier:1", { query: { "metadata.labels.tier": "1" } }],
    ['card "hot path"', { fullTextFilter: text("card hot path") }],
    ["kind:api card", { query: { kind: "api" }, fullTextFilter: text("card") }],
  ];
  it.each(cases)("%s", (source, want) => {
    expect(compileQuery(parseQuery(source).terms, context)).toEqual(want);
  });

  it("gives a person without ownership nothing of their own, not everything", () => {
    expect(compileQuery(parseQuery("owner:me").terms, { ownershipRefs: [] })).toEqual({ query: { "relations.ownedBy": { $in: [] } } });
  });
});
