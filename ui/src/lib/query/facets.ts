import { canonicalRef, shortRef } from "@/lib/entity-ref";
import type { FieldTerm, Term, Value } from "./grammar";

/** Fields whose values are entity refs, with the kind that a bare name means. */
const REF_KINDS: Record<string, string> = { owner: "group", system: "system", domain: "domain" };

/** The kind that a bare name means in this field; undefined for fields that hold no refs. */
export function refKindOf(key: string): string | undefined {
  return REF_KINDS[key];
}

/** A value as the API compares it: refs complete, everything lower case. */
export function canonicalValue(key: string, text: string): string {
  const kind = refKindOf(key);
  return kind === undefined ? text.toLowerCase() : canonicalRef(text, { kind });
}

/** A value as a person writes it: refs as short as they can be. */
export function writtenValue(key: string, value: string): string {
  const kind = refKindOf(key);
  return kind === undefined ? value : shortRef(value, kind);
}

const isPositive = (key: string) => (term: Term): term is FieldTerm => term.type === "field" && term.key === key && !term.negated;

/** The values that positive terms of this field name, as the API compares them. */
export function selectedValues(terms: readonly Term[], key: string): Set<string> {
  const texts = terms.filter(isPositive(key)).flatMap((term) => term.values.flatMap((value) => (value.match === "is" ? [value.text] : [])));
  return new Set(texts.map((text) => canonicalValue(key, text)));
}

/** Adds the value to the field's term, or takes it away; the last value takes the term with it. */
export function toggleValue(terms: readonly Term[], key: string, value: string): Term[] {
  const wanted = canonicalValue(key, value);
  const same = (candidate: Value) => candidate.match === "is" && canonicalValue(key, candidate.text) === wanted;
  if (selectedValues(terms, key).has(wanted)) {
    return terms.flatMap((term): Term[] => {
      if (!isPositive(key)(term)) return [term];
      const values = term.values.filter((candidate) => !same(candidate));
      return values.length > 0 ? [{ ...term, values }] : [];
    });
  }
  const added: Value = { match: "is", text: writtenValue(key, value) };
  const first = terms.findIndex(isPositive(key));
  if (first < 0) return insertField(terms, { type: "field", key, values: [added], negated: false });
  return terms.map((term, index) => (index === first && term.type === "field" ? { ...term, values: [...term.values, added] } : term));
}

/** Replaces every positive term of the field by one with this value; undefined removes them. */
export function setValue(terms: readonly Term[], key: string, value: string | undefined): Term[] {
  const first = terms.findIndex(isPositive(key));
  const rest = terms.filter((term) => !isPositive(key)(term));
  if (value === undefined) return rest;
  const term: FieldTerm = { type: "field", key, values: [{ match: "is", text: writtenValue(key, value) }], negated: false };
  if (first < 0) return insertField(rest, term);
  const before = terms.slice(0, first).filter((candidate) => !isPositive(key)(candidate)).length;
  return [...rest.slice(0, before), term, ...rest.slice(before)];
}

/** The query without the positive terms of one field: what the counts of that field's facet are taken over. */
export function withoutField(terms: readonly Term[], key: string): Term[] {
  return terms.filter((term) => !isPositive(key)(term));
}

/** Field terms come before free text, and `kind` before all. */
function insertField(terms: readonly Term[], term: FieldTerm): Term[] {
  if (term.key === "kind") return [term, ...terms];
  const at = terms.findIndex((candidate) => candidate.type === "text");
  return at < 0 ? [...terms, term] : [...terms.slice(0, at), term, ...terms.slice(at)];
}

/** The one kind that the query is about; undefined when it names none or several. */
export function singleKind(terms: readonly Term[]): string | undefined {
  const kinds = selectedValues(terms, "kind");
  const onlyExact = terms.filter(isPositive("kind")).every((term) => term.values.every((value) => value.match === "is"));
  return kinds.size === 1 && onlyExact ? [...kinds][0] : undefined;
}

/** Queries with one term less, the most specific term dropped first and `kind` last. */
export function relaxations(terms: readonly Term[]): { terms: Term[]; dropped: Term }[] {
  const isKind = (term: Term) => term.type === "field" && term.key === "kind";
  return terms
    .map((dropped, index) => ({ dropped, terms: terms.filter((_, other) => other !== index) }))
    .reverse()
    .sort((a, b) => Number(isKind(a.dropped)) - Number(isKind(b.dropped)));
}
