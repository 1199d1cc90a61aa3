import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relaxations, selectedValues, setValue, singleKind, toggleValue, withoutField } from "./facets";
import { FIELD_KEYS, formatQuery, parseQuery } from "./grammar";

const terms = (source: string) => parseQuery(source).terms;

describe("toggleValue", () => {
  const cases: [name: string, before: string, key: string, value: string, after: string][] = [
    ["adds a field", "kind:component", "tag", "java", "kind:component tag:java"],
    ["adds to a field", "kind:component tag:java", "tag", "go", "kind:component tag:java,go"],
    ["takes a value away", "tag:java,go", "tag", "java", "tag:go"],
    ["takes the last value and the term away", "kind:api tag:java", "tag", "java", "kind:api"],
    ["writes refs short", "", "owner", "group:default/team-a", "owner:team-a"],
    ["keeps a foreign kind in a ref", "", "owner", "user:default/ada", "owner:user:ada"],
    ["knows a ref in any form", "owner:GROUP:default/Team-A", "owner", "group:default/team-a", ""],
    ["leaves negated terms alone", "-tag:java", "tag", "java", "-tag:java tag:java"],
    ["puts fields before text", "hello", "tag", "java", "tag:java hello"],
    ["puts kind first", "tag:java", "kind", "API", "kind:API tag:java"],
  ];
  it.each(cases)("%s", (_, before, key, value, after) => {
    expect(formatQuery(toggleValue(terms(before), key, value))).toBe(after);
  });

  it("twice changes nothing that is selected", () => {
    fc.assert(fc.property(fc.constantFrom(...FIELD_KEYS), fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), fc.constantFrom("", "kind:api", "tag:a,b -tag:c x", "owner:team-a,user:ada"), (key, value, source) => {
      const before = terms(source);
      const after = toggleValue(toggleValue(before, key, value), key, value);
      expect(selectedValues(after, key)).toEqual(selectedValues(before, key));
    }));
  });
});

describe("setValue", () => {
  it("replaces in place", () => {
    expect(formatQuery(setValue(terms("kind:component tag:a kind:api text"), "kind", "system"))).toBe("kind:system tag:a text");
  });
  it("removes", () => {
    expect(formatQuery(setValue(terms("kind:component tag:a"), "kind", undefined))).toBe("tag:a");
  });
});

describe("the rest", () => {
  it("withoutField keeps negated terms", () => {
    expect(formatQuery(withoutField(terms("tag:a -tag:b kind:api"), "tag"))).toBe("-tag:b kind:api");
  });
  it.each([["kind:api", "api"], ["kind:api,component", undefined], ["kind:a*", undefined], ["-kind:api", undefined], ["", undefined]])("singleKind of %j is %j", (source, want) => {
    expect(singleKind(terms(source))).toBe(want);
  });
  it("relaxations drop the last term first and kind last", () => {
    expect(relaxations(terms("kind:api owner:a words")).map((it) => formatQuery(it.terms))).toEqual(["kind:api owner:a", "kind:api words", "owner:a words"]);
  });
});
