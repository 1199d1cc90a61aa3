import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIELD_KEYS, formatQuery, parseQuery, type Term, type Value } from "./grammar";

const is = (text: string): Value => ({ match: "is", text });
const field = (key: string, ...values: Value[]): Term => ({ type: "field", key, values, negated: false });

describe("parseQuery", () => {
  const cases: [name: string, source: string, want: Term[]][] = [
    ["empty", "", []],
    ["only space", "  \t ", []],
    ["one field", "kind:component", [field("kind", is("component"))]],
    ["several values", "owner:a,b", [field("owner", is("a"), is("b"))]],
    ["negated", "-lifecycle:deprecated", [{ type: "field", key: "lifecycle", values: [is("deprecated")], negated: true }]],
    ["quoted value", 'name:"two words"', [field("name", is("two words"))]],
    ["escaped quote", 'name:"say \\"hi\\""', [field("name", is('say "hi"'))]],
    ["any", "system:*", [field("system", { match: "any" })]],
    ["prefix", "name:pay*", [field("name", { match: "prefix", text: "pay" })]],
    ["quoted star is literal", 'name:"pay*"', [field("name", is("pay*"))]],
    ["ref keeps its colon", "owner:user:default/ada", [field("owner", is("user:default/ada"))]],
    ["path keeps its case", "metadata.annotations.a.b/cD:x", [field("metadata.annotations.a.b/cD", is("x"))]],
    ["short key in any case", "KIND:api", [field("kind", is("api"))]],
    ["free text", 'card "hot path"', [{ type: "text", text: "card" }, { type: "text", text: "hot path" }]],
    ["a minus alone is text", "-card", [{ type: "text", text: "-card" }]],
    ["empty values fall away", "tag:a,,b,", [field("tag", is("a"), is("b"))]],
    ["the whole grammar", 'kind:component owner:team-a tag:java -lifecycle:deprecated "free text"', [
      field("kind", is("component")), field("owner", is("team-a")), field("tag", is("java")),
      { type: "field", key: "lifecycle", values: [is("deprecated")], negated: true }, { type: "text", text: "free text" }]],
  ];
  it.each(cases)("%s", (_, source, want) => {
    expect(parseQuery(source)).toEqual({ terms: want, notes: [] });
  });

  it("treats an unknown field as text and says so", () => {
    const { terms, notes } = parseQuery("https://example.com");
    expect(terms).toEqual([{ type: "text", text: "https://example.com" }]);
    expect(notes).toEqual([{ at: 0, length: 6, message: "https is not a field, so it is searched as text." }]);
  });

  it("points at a field without a value", () => {
    expect(parseQuery("kind:api owner:")).toEqual({ terms: [field("kind", is("api"))], notes: [{ at: 9, length: 6, message: "owner: needs a value." }] });
  });

  it("takes an open quotation mark to the end and says so", () => {
    const { terms, notes } = parseQuery('name:"pay ments');
    expect(terms).toEqual([field("name", is("pay ments"))]);
    expect(notes.map((note) => note.at)).toEqual([5]);
  });
});

const key = fc.oneof(fc.constantFrom(...FIELD_KEYS), fc.stringMatching(/^spec\.[a-zA-Z][a-zA-Z0-9._/-]{0,8}$/));
const bare = fc.stringMatching(/^[^\s,"*]{1,10}$/);
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.string().map(is),
  fc.constant<Value>({ match: "any" }),
  bare.map((text): Value => ({ match: "prefix", text })),
);
const term: fc.Arbitrary<Term> = fc.oneof(
  fc.record({ type: fc.constant("field" as const), key, values: fc.array(value, { minLength: 1, maxLength: 3 }), negated: fc.boolean() }),
  fc.record({ type: fc.constant("text" as const), text: fc.string().filter((text) => text.trim() !== "") }),
);

describe("round trip", () => {
  it("parse after format gives the same terms", () => {
    fc.assert(fc.property(fc.array(term, { maxLength: 6 }), (terms) => {
      expect(parseQuery(formatQuery(terms)).terms).toEqual(terms);
    }), { numRuns: 2000 });
  });

  it("format after parse is stable, whatever was typed", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (source) => {
      const once = formatQuery(parseQuery(source).terms);
      expect(formatQuery(parseQuery(once).terms)).toBe(once);
    }), { numRuns: 2000 });
  });

  it("notes point into the text", () => {
    fc.assert(fc.property(fc.string({ maxLength: 40 }), (source) => {
      for (const note of parseQuery(source).notes) {
        expect(note.at).toBeGreaterThanOrEqual(0);
        expect(note.at + note.length).toBeLessThanOrEqual(source.length);
      }
    }));
  });
});
