import { parseRef } from "@/lib/entity-ref";
import { canonicalValue } from "./facets";
import type { FieldTerm, Term, Value } from "./grammar";

/** A predicate of `POST /entities/by-query`. */
export type Predicate = { [key: string]: unknown };

/** What the grammar leaves to the moment: who `owner:me` is, and what is starred. */
export interface QueryContext {
  ownershipRefs: readonly string[];
  /** The refs that `is:starred` means. */
  starred?: readonly string[];
}

/** The part of the request body that a query decides. */
export interface CompiledQuery {
  query?: Predicate;
  fullTextFilter?: { term: string; fields: string[] };
}

/** Where free text is looked for. */
export const TEXT_FIELDS = ["metadata.name", "metadata.title", "metadata.description", "spec.profile.displayName"];

const PATHS: Record<string, string> = {
  kind: "kind",
  owner: "relations.ownedBy",
  type: "spec.type",
  lifecycle: "spec.lifecycle",
  system: "relations.partOf",
  domain: "relations.partOf",
  tag: "metadata.tags",
  namespace: "metadata.namespace",
  name: "metadata.name",
};

const ORPHAN: Predicate = { "metadata.annotations.backstage.io/orphan": "true" };
const NOTHING: Predicate = { $any: [] };

/** The path of the API that a key of the grammar stands for. */
export function pathOf(key: string): string {
  return PATHS[key] ?? key;
}

/** Compiles terms to the API's predicate language. */
export function compileQuery(terms: readonly Term[], context: QueryContext): CompiledQuery {
  const predicates = terms.flatMap((term) => (term.type === "field" ? [compileField(term, context)] : []));
  const text = terms.flatMap((term) => (term.type === "text" ? [term.text] : [])).join(" ");
  const [first] = predicates;
  return {
    ...(first && { query: predicates.length === 1 ? first : { $all: predicates } }),
    ...(text !== "" && { fullTextFilter: { term: text, fields: TEXT_FIELDS } }),
  };
}

function compileField(term: FieldTerm, context: QueryContext): Predicate {
  const positive = term.key === "is" ? compileIs(term.values, context) : compileValues(term.key, term.values, context);
  return term.negated ? { $not: positive } : positive;
}

function compileValues(key: string, values: readonly Value[], context: QueryContext): Predicate {
  const path = pathOf(key);
  const exact: string[] = [];
  const others: Predicate[] = [];
  for (const value of values) {
    if (value.match === "any") others.push({ [path]: { $exists: true } });
    else if (value.match === "prefix") others.push({ [path]: { $hasPrefix: canonicalValue(key, value.text) } });
    else if (key === "owner" && value.text.toLowerCase() === "me") exact.push(...context.ownershipRefs);
    else exact.push(canonicalValue(key, value.text));
  }
  const [only] = exact;
  const same = exact.length === 1 ? { [path]: only } : { [path]: { $in: exact } };
  if (others.length === 0) return same;
  const all = exact.length > 0 ? [same, ...others] : others;
  return all.length === 1 && all[0] ? all[0] : { $any: all };
}


/** Exactly these entities, with one clause for all that share a kind and a namespace. */
function oneOf(refs: readonly string[]): Predicate {
  const groups = new Map<string, { kind: string; namespace: string; names: string[] }>();
  for (const { kind, namespace, name } of refs.flatMap((text) => parseRef(text) ?? [])) {
    const key = `${kind}:${namespace}`;
    const group = groups.get(key) ?? { kind, namespace, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return { $any: [...groups.values()].map(({ kind, namespace, names }) => ({ $all: [{ kind }, { "metadata.namespace": namespace }, { "metadata.name": { $in: names } }] })) };
}

/** `is:` names states rather than values: orphan, mine, starred. An unknown one matches nothing. */
function compileIs(values: readonly Value[], context: QueryContext): Predicate {
  const all = values.map((value) => {
    if (value.match !== "is") return NOTHING;
    if (value.text.toLowerCase() === "orphan") return ORPHAN;
    if (value.text.toLowerCase() === "starred") return oneOf(context.starred ?? []);
    if (value.text.toLowerCase() === "mine") return { "relations.ownedBy": { $in: [...context.ownershipRefs] } };
    return NOTHING;
  });
  return all.length === 1 && all[0] ? all[0] : { $any: all };
}
