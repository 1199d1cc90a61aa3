import type { Entity, EntityRelation } from "@/api/types";
import { parseRef } from "@/lib/entity-ref";
import type { Status } from "@/ui/StatusBadge";
import { strings } from "@/components/strings";

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** A string of the spec by its path, when there is one. */
export function specText(entity: Entity, ...path: string[]): string | undefined {
  let value: unknown = entity.spec;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What people call it: its title, a group's or user's display name, or its name. */
export function displayName(entity: Entity): string {
  return entity.metadata.title ?? specText(entity, "profile", "displayName") ?? entity.metadata.name;
}

/** The name inside a ref, for when the entity itself is not at hand. */
export function nameOfRef(ref: string): string {
  return parseRef(ref)?.name ?? ref;
}

/** The refs that an entity's relations of one type point to. */
export function relatedRefs(entity: Entity, type: string): string[] {
  return (entity.relations ?? []).filter((relation) => relation.type === type).map((relation) => relation.targetRef);
}

/** Relations by type, targets in order of their refs. */
export function relationsByType(relations: readonly EntityRelation[] = []): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { type, targetRef } of relations) groups.set(type, [...(groups.get(type) ?? []), targetRef]);
  return new Map([...groups].map(([type, refs]) => [type, [...new Set(refs)].sort()]));
}

/** A row's worth of how an entity is, as far as the catalog knows. */
export function healthOf(entity: Entity): { status: Status; label: string } {
  const levels = new Set((entity.status?.items ?? []).map((item) => item.level));
  if (levels.has("error")) return { status: "error", label: strings.healthError };
  if (levels.has("warning")) return { status: "warning", label: strings.healthWarning };
  if (entity.metadata.annotations?.["backstage.io/orphan"] === "true") return { status: "warning", label: strings.orphan };
  return levels.has("info") ? { status: "neutral", label: strings.healthInfo } : { status: "ok", label: strings.healthOk };
}

/** Whether the entity has something that its owner should look at. */
export function hasProblem(entity: Entity): boolean {
  const { status } = healthOf(entity);
  return status === "error" || status === "warning";
}

/** The words for a kind: singular and plural, in sentence case. */
export function kindWords(kind: string): { one: string; many: string } {
  const known: Record<string, { one: string; many: string }> = {
    api: { one: "API", many: "APIs" },
    airesource: { one: "AI resource", many: "AI resources" },
  };
  const lower = kind.toLowerCase();
  const word = lower.charAt(0).toUpperCase() + lower.slice(1);
  return known[lower] ?? { one: word, many: word.endsWith("y") ? `${word.slice(0, -1)}ies` : `${word}s` };
}
