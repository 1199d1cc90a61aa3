// The catalog's query language over an array, as far as the UI speaks it.

const lower = (value) => (typeof value === "string" ? value.toLowerCase() : String(value));

/** Every value at a dotted path, case-insensitive: arrays spread, relations by type, annotation keys with dots. */
export function valuesAt(entity, path) {
  const relation = /^relations\.(.+)$/i.exec(path);
  if (relation) return entity.relations.filter((it) => lower(it.type) === lower(relation[1])).map((it) => it.targetRef);
  const walk = (value, rest) => {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.flatMap((item) => walk(item, rest));
    if (rest === "") return [value];
    if (typeof value !== "object") return [];
    return Object.keys(value).flatMap((key) => {
      if (lower(rest) === lower(key)) return walk(value[key], "");
      return lower(rest).startsWith(`${lower(key)}.`) ? walk(value[key], rest.slice(key.length + 1)) : [];
    });
  };
  return walk(entity, path);
}

export function matches(entity, predicate) {
  return Object.entries(predicate).every(([key, expected]) => {
    if (key === "$all") return expected.every((part) => matches(entity, part));
    if (key === "$any") return expected.some((part) => matches(entity, part));
    if (key === "$not") return !matches(entity, expected);
    const found = valuesAt(entity, key).filter((value) => typeof value !== "object").map(lower);
    if (typeof expected !== "object") return found.includes(lower(expected));
    if ("$exists" in expected) return valuesAt(entity, key).length > 0 === expected.$exists;
    if ("$in" in expected) return expected.$in.some((value) => found.includes(lower(value)));
    if ("$hasPrefix" in expected) return found.some((value) => value.startsWith(lower(expected.$hasPrefix)));
    throw new Error(`unknown matcher in ${JSON.stringify(expected)}`);
  });
}

export function select(entities, { query = {}, fullTextFilter }) {
  const term = lower(fullTextFilter?.term ?? "");
  const fields = fullTextFilter?.fields ?? ["metadata.name"];
  return entities.filter((entity) => matches(entity, query) && (term === "" || fields.some((field) => valuesAt(entity, field).some((value) => lower(value).includes(term)))));
}

export function order(entities, orderField = []) {
  const keys = orderField.map((text) => text.split(","));
  return [...entities].sort((a, b) => {
    for (const [path, direction] of keys) {
      const [left, right] = [valuesAt(a, path)[0], valuesAt(b, path)[0]];
      if (left === right) continue;
      if (left === undefined) return 1;
      if (right === undefined) return -1;
      return (lower(left) < lower(right) ? -1 : 1) * (direction === "desc" ? -1 : 1);
    }
    return 0;
  });
}

/** Keeps the asked paths only. */
export function project(entity, fields) {
  if (!fields || fields.length === 0) return entity;
  const result = {};
  for (const field of fields) {
    const copy = (source, target, rest) => {
      for (const key of Object.keys(source ?? {})) {
        if (rest === key) target[key] = source[key];
        else if (rest.startsWith(`${key}.`) && typeof source[key] === "object") copy(source[key], (target[key] ??= {}), rest.slice(key.length + 1));
      }
    };
    copy(entity, result, field);
  }
  return result;
}

export function facets(entities, paths) {
  return Object.fromEntries(
    paths.map((path) => {
      const counts = new Map();
      for (const entity of entities) for (const value of new Set(valuesAt(entity, path).map(String))) counts.set(value, (counts.get(value) ?? 0) + 1);
      return [path, [...counts].map(([value, count]) => ({ value, count }))];
    }),
  );
}
