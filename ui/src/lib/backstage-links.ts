import { writtenValue } from "./query/facets";
import { formatQuery, type FieldTerm, type Term } from "./query/grammar";
import type { SearchParams } from "./search-params";

const FIELDS: Record<string, string> = {
  kind: "kind",
  type: "type",
  owners: "owner",
  lifecycles: "lifecycle",
  tags: "tag",
  namespace: "namespace",
};

/**
 * Translates the search parameters of Backstage's catalog page, `filters[kind]=component&filters[owners][0]=…`,
 * to our query. Undefined when the URL has none of them.
 */
export function queryFromBackstage(search: SearchParams): string | undefined {
  const fields = new Map<string, string[]>();
  const words: Term[] = [];
  let found = false;
  for (const [param, raw] of Object.entries(search)) {
    const name = /^filters\[(\w+)\](?:\[\d*\])?$/.exec(param)?.[1];
    if (name === undefined) continue;
    found = true;
    const values = (Array.isArray(raw) ? raw : [raw]).filter((value) => value !== "" && value !== "all");
    if (name === "user") {
      if (values.includes("owned")) add(fields, "owner", "me");
    } else if (name === "text") {
      words.push(...values.map((text): Term => ({ type: "text", text })));
    } else {
      const key = FIELDS[name];
      if (key !== undefined) values.forEach((value) => add(fields, key, writtenValue(key, value)));
    }
  }
  if (!found) return undefined;
  const terms = [...fields].map(([key, values]): FieldTerm => ({ type: "field", key, negated: false, values: values.map((text) => ({ match: "is", text })) }));
  terms.sort((a, b) => Number(b.key === "kind") - Number(a.key === "kind"));
  return formatQuery([...terms, ...words]);
}

function add(fields: Map<string, string[]>, key: string, value: string): void {
  fields.set(key, [...(fields.get(key) ?? []), value]);
}
