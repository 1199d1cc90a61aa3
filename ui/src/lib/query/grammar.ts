/**
 * The query grammar of the catalog:
 *
 *   query  = term { space term }
 *   term   = [ "-" ] key ":" value { "," value }  |  text
 *   value  = "*" | bare [ "*" ] | quoted
 *   text   = bare | quoted
 *
 * `kind:component owner:team-a,team-b tag:java -lifecycle:deprecated spec.type:* "free text"`.
 * Terms are ANDed, values of one term are ORed, `*` alone means "has any", a trailing `*` means "begins with".
 */

/** One value of a field term. */
export type Value = { match: "is"; text: string } | { match: "prefix"; text: string } | { match: "any" };

/** `key:value`, or with negated `-key:value`. */
export interface FieldTerm {
  type: "field";
  key: string;
  values: Value[];
  negated: boolean;
}

/** Words to look for in names, titles and descriptions. */
export interface TextTerm {
  type: "text";
  text: string;
}

export type Term = FieldTerm | TextTerm;

/** What the parser understood differently than the writer may have meant. */
export interface Note {
  at: number;
  length: number;
  message: string;
}

export interface ParsedQuery {
  terms: Term[];
  notes: Note[];
}

/** The short names of the grammar. Anything else needs a full path such as `spec.type`. */
export const FIELD_KEYS = ["kind", "owner", "type", "lifecycle", "system", "domain", "tag", "namespace", "name", "is"] as const;

const PATH_ROOTS = ["metadata.", "spec.", "relations."];

/** Whether a key can stand before a colon. */
export function isFieldKey(key: string): boolean {
  const lower = key.toLowerCase();
  return FIELD_KEYS.some((known) => known === lower) || PATH_ROOTS.some((root) => lower.startsWith(root) && lower.length > root.length);
}

const SPACE = /\s/;
const KEY = /-?[A-Za-z][A-Za-z0-9._/-]*:/y;

class Scanner {
  at = 0;
  readonly notes: Note[] = [];
  constructor(readonly source: string) {}

  skipSpace(): void {
    while (this.at < this.source.length && SPACE.test(this.source.charAt(this.at))) this.at++;
  }

  /** A double-quoted string with `\"` and `\\`; one that never ends reaches to the end of the query. */
  quoted(): string {
    const start = this.at++;
    let text = "";
    while (this.at < this.source.length) {
      const char = this.source.charAt(this.at++);
      if (char === '"') return text;
      if (char === "\\" && this.at < this.source.length) text += this.source.charAt(this.at++);
      else text += char;
    }
    this.notes.push({ at: start, length: this.source.length - start, message: "This quotation mark is never closed." });
    return text;
  }

  bare(stop: RegExp): string {
    const start = this.at;
    while (this.at < this.source.length && !stop.test(this.source.charAt(this.at))) this.at++;
    return this.source.slice(start, this.at);
  }

  /** The key before a colon at this place, with its sign; undefined when there is none. */
  key(): string | undefined {
    KEY.lastIndex = this.at;
    return KEY.exec(this.source)?.[0];
  }

  value(): Value | undefined {
    if (this.source.charAt(this.at) === '"') return { match: "is", text: this.quoted() };
    const text = this.bare(/[\s,"]/);
    if (text === "") return undefined;
    if (text === "*") return { match: "any" };
    return text.endsWith("*") ? { match: "prefix", text: text.slice(0, -1) } : { match: "is", text };
  }

  values(): Value[] {
    const found: Value[] = [];
    for (;;) {
      const value = this.value();
      if (value) found.push(value);
      if (this.source.charAt(this.at) !== ",") return found;
      this.at++;
    }
  }
}

/** Parses any text: what is no field term is free text, so nothing a person types is an error. */
export function parseQuery(source: string): ParsedQuery {
  const scanner = new Scanner(source);
  const terms: Term[] = [];
  for (;;) {
    scanner.skipSpace();
    const start = scanner.at;
    if (start >= source.length) return { terms, notes: scanner.notes };
    const head = scanner.key();
    if (head !== undefined) {
      const negated = head.startsWith("-");
      const key = head.slice(negated ? 1 : 0, -1).toLowerCase();
      if (isFieldKey(key)) {
        scanner.at += head.length;
        const values = scanner.values();
        if (values.length > 0) terms.push({ type: "field", key: restoreCase(head, negated), values, negated });
        else scanner.notes.push({ at: start, length: head.length, message: `${head} needs a value.` });
        continue;
      }
      scanner.notes.push({ at: start, length: head.length, message: `${key} is not a field, so it is searched as text.` });
    }
    const text = source.charAt(scanner.at) === '"' ? scanner.quoted() : scanner.bare(/[\s"]/);
    if (text.trim() !== "") terms.push({ type: "text", text });
  }
}

/** Short keys are lower case; paths keep their case, since annotation keys do. */
function restoreCase(head: string, negated: boolean): string {
  const key = head.slice(negated ? 1 : 0, -1);
  return key.includes(".") ? key : key.toLowerCase();
}

/** Writes terms so that parseQuery reads the same terms again. */
export function formatQuery(terms: readonly Term[]): string {
  return terms
    .map((term) => (term.type === "text" ? formatText(term.text) : `${term.negated ? "-" : ""}${term.key}:${term.values.map(formatValue).join(",")}`))
    .join(" ");
}

function formatValue(value: Value): string {
  if (value.match === "any") return "*";
  if (value.match === "prefix") return `${value.text}*`;
  return value.text === "" || /[\s,"]|\*$/.test(value.text) ? quote(value.text) : value.text;
}

function formatText(text: string): string {
  KEY.lastIndex = 0;
  return /[\s"]/.test(text) || KEY.test(text) ? quote(text) : text;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** The query for all entities of a kind. */
export function kindQuery(kind: string): string {
  return formatQuery([{ type: "field", key: "kind", negated: false, values: [{ match: "is", text: kind.toLowerCase() }] }]);
}
