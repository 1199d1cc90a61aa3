/** An entity ref taken apart. Kind and namespace are lower case; the name keeps its case for display. */
export interface EntityRef {
  kind: string;
  namespace: string;
  name: string;
}

const DEFAULT_NAMESPACE = "default";

/** Parses `[kind:][namespace/]name`. Returns undefined when a part is missing. */
export function parseRef(text: string, defaults: { kind?: string; namespace?: string } = {}): EntityRef | undefined {
  const match = /^(?:([^:/]+):)?(?:([^:/]+)\/)?([^:/]+)$/.exec(text.trim());
  const kind = match?.[1] ?? defaults.kind;
  const name = match?.[3];
  if (!kind || !name) return undefined;
  return {
    kind: kind.toLowerCase(),
    namespace: (match[2] ?? defaults.namespace ?? DEFAULT_NAMESPACE).toLowerCase(),
    name,
  };
}

/** The canonical ref: `kind:namespace/name`, all lower case. */
export function formatRef(ref: EntityRef): string {
  return `${ref.kind}:${ref.namespace}/${ref.name}`.toLowerCase();
}

/** The canonical form of a ref that may leave out kind or namespace; text that is no ref comes back lower-cased. */
export function canonicalRef(text: string, defaults: { kind?: string } = {}): string {
  const ref = parseRef(text, defaults);
  return ref ? formatRef(ref) : text.toLowerCase();
}

/** The shortest form that parses back to the same ref, given the kind that is assumed when absent. */
export function shortRef(text: string, defaultKind?: string): string {
  const ref = parseRef(text, defaultKind === undefined ? {} : { kind: defaultKind });
  if (!ref) return text;
  const kind = ref.kind === defaultKind?.toLowerCase() ? "" : `${ref.kind}:`;
  const namespace = ref.namespace === DEFAULT_NAMESPACE ? "" : `${ref.namespace}/`;
  return `${kind}${namespace}${ref.name}`;
}

/** The ref of an entity as the API delivers it. */
export function refOf(entity: { kind: string; metadata: { namespace?: string | undefined; name: string } }): string {
  return formatRef({ kind: entity.kind, namespace: entity.metadata.namespace ?? DEFAULT_NAMESPACE, name: entity.metadata.name });
}
