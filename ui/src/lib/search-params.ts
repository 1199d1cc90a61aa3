/** Search parameters as the router holds them: plain strings, a list where a key is repeated. */
export type SearchParams = Record<string, string | string[]>;

/** Reads `?a=1&b=2&b=3`. Values stay text: `q=123` is not a number. */
export function parseSearch(search: string): SearchParams {
  const params = new URLSearchParams(search);
  const result: SearchParams = {};
  for (const key of new Set(params.keys())) {
    const values = params.getAll(key);
    result[key] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return result;
}

/** Writes search parameters; undefined and empty lists leave no trace. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === "string" || typeof item === "number" || typeof item === "boolean") params.append(key, String(item));
    }
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** One value of a parameter, the first when it is repeated. */
export function firstOf(search: Record<string, unknown>, key: string): string | undefined {
  const value: unknown = search[key];
  if (typeof value === "string") return value;
  return Array.isArray(value) && typeof value[0] === "string" ? value[0] : undefined;
}
