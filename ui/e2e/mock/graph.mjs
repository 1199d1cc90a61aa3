// Graphs and impacts over the fixtures, as far as pages need them.
const FIRST = { ownerOf: "ownedBy", apiProvidedBy: "providesApi", apiConsumedBy: "consumesApi", dependencyOf: "dependsOn", childOf: "parentOf", hasMember: "memberOf", hasPart: "partOf" };
const EFFECTS = { dependencyOf: "breaks", apiConsumedBy: "breaks", providesApi: "breaks", ownerOf: "loses", hasPart: "loses", hasMember: "loses", parentOf: "loses" };

const target = (entity, type) => (entity.relations ?? []).find((relation) => relation.type === type)?.targetRef;

function brief(ref, entity) {
  const owner = target(entity, "ownedBy");
  const system = target(entity, "partOf");
  return {
    ref,
    kind: entity.kind,
    name: entity.metadata.name,
    ...(entity.metadata.title && { title: entity.metadata.title }),
    ...(entity.spec?.type && { type: entity.spec.type }),
    ...(owner && { owner }),
    ...(system?.startsWith("system:") && { system }),
  };
}

const edgeOf = (ref, { type, targetRef }) => (FIRST[type] ? { source: targetRef, type: FIRST[type], target: ref } : { source: ref, type, target: targetRef });

const near = (byRef, ref) => (byRef.get(ref)?.relations ?? []).filter(({ targetRef }) => byRef.has(targetRef)).map((relation) => ({ ...relation, edge: edgeOf(ref, relation) }));

export function graph(byRef, { entityRefs, maxDepth = 1, maxNodes = 100, kinds, relations, direction = "both", expand = [] }) {
  const wanted = (ref, { type, targetRef, edge }) =>
    (!relations || relations.includes(edge.type) || relations.includes(type)) && (!kinds || kinds.includes(targetRef.split(":")[0])) && (direction === "both" || (direction === "outgoing") === (edge.source === ref));
  const nodes = new Map();
  for (const ref of entityRefs) if (byRef.has(ref)) nodes.set(ref, 0);
  for (const [ref, depth] of nodes) {
    if (depth >= maxDepth && !expand.includes(ref)) continue;
    for (const relation of near(byRef, ref)) if (wanted(ref, relation) && !nodes.has(relation.targetRef) && nodes.size < maxNodes) nodes.set(relation.targetRef, depth + 1);
  }
  const edges = new Map();
  const drawn = [...nodes].map(([ref, depth]) => {
    const cut = {};
    for (const relation of near(byRef, ref)) {
      if (nodes.has(relation.targetRef)) edges.set(JSON.stringify(relation.edge), relation.edge);
      else if (wanted(ref, relation)) cut[relation.type] = (cut[relation.type] ?? 0) + 1;
    }
    return { ...brief(ref, byRef.get(ref)), depth, ...(Object.keys(cut).length > 0 && { cut }) };
  });
  return { nodes: drawn, edges: [...edges.values()], caps: [] };
}

export function impact(byRef, ref) {
  const affected = near(byRef, ref)
    .filter(({ type }) => EFFECTS[type])
    .map(({ type, targetRef, edge }) => ({ ...brief(targetRef, byRef.get(targetRef)), depth: 1, effect: EFFECTS[type], path: [edge] }));
  return { entity: brief(ref, byRef.get(ref)), affected, owners: affected.length > 0 ? [{ direct: affected.length, indirect: 0 }] : [], direct: affected.length, indirect: 0, goes: [], truncated: false };
}
