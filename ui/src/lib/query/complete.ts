import { FIELD_KEYS } from "./grammar";

/** A proposal for the word at the caret: what it reads, and the query with it put in. */
export interface Completion {
  label: string;
  source: string;
  caret: number;
}

const MOST = 8;

/** Proposes keys while a word has no colon yet, and the field's values after it. */
export function complete(source: string, caret: number, valuesOf: (key: string) => readonly string[]): Completion[] {
  const before = source.slice(0, caret);
  const start = before.search(/[^\s]*$/);
  const word = before.slice(start);
  const rest = source.slice(caret).replace(/^[^\s]*/, "");
  const negated = word.startsWith("-") ? "-" : "";
  const colon = word.indexOf(":");
  const propose = (label: string, text: string, space: string): Completion => ({
    label,
    source: source.slice(0, start) + text + (rest.startsWith(" ") ? "" : space) + rest,
    caret: start + text.length + space.length,
  });

  if (colon < 0) {
    const typed = word.slice(negated.length).toLowerCase();
    if (typed === "" && negated === "" && source.trim() !== "" && !/\s$/.test(before)) return [];
    return FIELD_KEYS.filter((key) => key.startsWith(typed)).map((key) => propose(`${negated}${key}:`, `${negated}${key}:`, ""));
  }
  const key = word.slice(negated.length, colon).toLowerCase();
  const lastComma = word.lastIndexOf(",");
  const head = word.slice(0, Math.max(lastComma, colon) + 1);
  const typed = word.slice(head.length).toLowerCase();
  const taken = new Set(word.slice(colon + 1).toLowerCase().split(",").slice(0, -1));
  return valuesOf(key)
    .filter((value) => value.toLowerCase().includes(typed) && value.toLowerCase() !== typed && !taken.has(value.toLowerCase()))
    .slice(0, MOST)
    .map((value) => propose(value, head + (/[\s,"]/.test(value) ? `"${value}"` : value), " "));
}
