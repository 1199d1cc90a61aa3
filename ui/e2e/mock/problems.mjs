// The problems of the stand-in's catalog, as GET /api/catalog/problems tells them.
import { refOf } from "./fixtures.mjs";

const ownerless = new Set(["user", "group", "location"]);
const LEVELS = new Set(["error", "warning"]);

function all(entities) {
  const known = new Set(entities.map(refOf));
  return entities.flatMap((entity) => {
    const entityRef = refOf(entity);
    const relations = entity.relations ?? [];
    const owners = relations.filter(({ type }) => type === "ownedBy").map(({ targetRef }) => targetRef);
    const location = entity.metadata.annotations?.["backstage.io/managed-by-location"];
    const problem = (type, level, message, more = {}) => ({ entityRef, type, level, message, owners, ...(location && { location }), ...more });
    return [
      ...relations.filter(({ targetRef }) => !known.has(targetRef)).map((relation) => problem("dangling", "warning", `${relation.type} ${relation.targetRef}, which is not in the catalog or not visible to you`, { relation })),
      ...(entity.status?.items ?? []).filter(({ level }) => LEVELS.has(level)).map(({ level, message }) => problem("processing", level, message)),
      ...(entity.metadata.annotations?.["backstage.io/orphan"] === "true" ? [problem("orphan", "warning", "No location names this entity any more")] : []),
      ...(owners.length === 0 && !ownerless.has(entity.kind.toLowerCase()) ? [problem("unowned", "warning", "It names no owner")] : []),
    ];
  });
}

const first = ({ owners }) => owners[0] ?? "\uffff";
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function counted(values) {
  const counts = new Map();
  values.forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || compare(a.value, b.value));
}

/** One page of them, for the parameters of a URL. */
export function problems(entities, params) {
  const ownersOf = ({ owners }) => (owners.length === 0 ? ["none"] : owners);
  const kindOf = ({ entityRef }) => entityRef.split(":")[0];
  const one = (key, values) => params.getAll(key).length === 0 || values.some((value) => params.getAll(key).includes(value));
  const found = all(entities).sort((a, b) => compare(first(a), first(b)) || compare(a.entityRef, b.entityRef));
  const fits = (problem, ...skipped) => (skipped.includes("type") || one("type", [problem.type])) && (skipped.includes("owner") || one("owner", ownersOf(problem))) && (skipped.includes("kind") || one("kind", [kindOf(problem)]));
  const items = found.filter((problem) => fits(problem));
  const offset = Number(params.get("offset") ?? 0);
  return {
    items: items.slice(offset, offset + Number(params.get("limit") ?? 50)),
    totalItems: items.length,
    counts: {
      types: counted(found.filter((problem) => fits(problem, "type")).map(({ type }) => type)),
      owners: counted(found.filter((problem) => fits(problem, "owner")).flatMap(ownersOf)),
      kinds: counted(found.filter((problem) => fits(problem, "kind")).map(kindOf)),
    },
  };
}
