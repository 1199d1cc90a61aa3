import type { CatalogModel, Entity, ModelField, ModelKind } from "@/api/types";
import { formatRef, parseRef } from "@/lib/entity-ref";
import { isSafeExternalUrl } from "@/lib/paths";

/** A field of an entity that a plugin's model declares, with what it says here. */
export interface OwnField {
  path: string;
  label: string;
  /** What the field means, in the words of the plugin. */
  description?: string;
  value: FieldValue;
}

export type FieldValue = { type: "refs"; refs: string[] } | { type: "url"; url: string } | { type: "flag"; on: boolean } | { type: "text"; text: string };

/** Which plugin's kinds have a layout of their own here; what others add to them is shown like the fields of other kinds. */
const CORE = "catalog";
/** What every entity has its place for. */
const PLACED = new Set(["spec.owner", "spec.type", "spec.lifecycle", "spec.system"]);

/** The declared fields of an entity that no part of its page shows yet, in the order of the model; those that say nothing are left out. */
export function ownFields(model: CatalogModel, entity: Entity): OwnField[] {
  const kind = model.kinds.find((one) => one.kind.toLowerCase() === entity.kind.toLowerCase() && one.apiVersions.includes(entity.apiVersion));
  if (!kind) return [];
  const variant = kind.variants.find(({ type }) => type === at(entity, "spec.type"));
  const fields = new Map([...kind.fields, ...(variant?.fields ?? [])].map((field) => [field.path, field]));
  return [...fields.values()].flatMap((field) => {
    if (!isOwn(field)) return [];
    const value = fieldValue(entity, field);
    if (value === undefined) return [];
    return [{ path: field.path, label: fieldLabel(field), ...(field.description !== undefined && { description: field.description }), value }];
  });
}

/** The fields that entities of a kind may have beside what every list of entities shows, whatever their type; without those that hold objects, which have no reading of their own. */
export function ownFieldsOfKind(model: CatalogModel, kind: string): ModelField[] {
  const found = new Map<string, ModelField>();
  for (const one of kindsNamed(model, kind)) {
    for (const field of [...one.fields, ...one.variants.flatMap(({ fields }) => fields)]) {
      if (isOwn(field) && !found.has(field.path) && !holdsObjects(one, field)) found.set(field.path, field);
    }
  }
  return [...found.values()];
}

/** Whether entities of a kind can say this, in any form of theirs. */
export function kindDeclares(model: CatalogModel, kind: string, path: string): boolean {
  return kindsNamed(model, kind).some(({ fields, variants }) => [...fields, ...variants.flatMap((variant) => variant.fields)].some((field) => field.path === path));
}

/** What people call a field. */
export function fieldLabel({ path, title }: Pick<ModelField, "path" | "title">): string {
  return title ?? path.slice(path.lastIndexOf(".") + 1);
}

/** What an entity says in a field; undefined when it says nothing that people could read. */
export function fieldValue(entity: Entity, { path, relation, mirrored }: Pick<ModelField, "path" | "relation" | "mirrored">): FieldValue | undefined {
  const value = read(at(entity, path), relation, entity);
  // What is copied may be a ref of the other entity. Only a complete one means the same here.
  return mirrored && value?.type === "text" && COMPLETE_REF.test(value.text) ? { type: "refs", refs: [value.text.toLowerCase()] } : value;
}

const COMPLETE_REF = /^[A-Za-z][A-Za-z0-9]*:[^:/\s]+\/[^:/\s]+$/;

const kindsNamed = (model: CatalogModel, kind: string) => model.kinds.filter((one) => one.kind.toLowerCase() === kind.toLowerCase());
const isOwn = ({ plugin, path }: ModelField) => plugin !== CORE && !PLACED.has(path);

/** Whether the schemas of a kind put objects into this field, alone or in a list. */
function holdsObjects({ schemas, variants }: ModelKind, { path, type }: ModelField): boolean {
  if (type === "object") return true;
  if (type !== "array") return false;
  const within = [...path.split(".").flatMap((key) => ["properties", key]), "items", "type"];
  return [...schemas, ...variants.flatMap((variant) => variant.schemas)].some(({ schema }) => within.reduce<unknown>(step, schema) === "object");
}

function at(entity: Entity, path: string): unknown {
  return path.split(".").reduce<unknown>(step, entity);
}

function step(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** What a value is to people; an object has no reading of its own, its declared fields have. */
function read(value: unknown, relation: { defaultKind?: string } | undefined, entity: Entity): FieldValue | undefined {
  const items = (Array.isArray(value) ? value : [value]).filter((item) => ["string", "number", "boolean"].includes(typeof item) && item !== "") as (string | number | boolean)[];
  const [first] = items;
  if (first === undefined) return undefined;
  if (relation) {
    const defaults = { ...(relation.defaultKind !== undefined && { kind: relation.defaultKind }), namespace: entity.metadata.namespace ?? "default" };
    const refs = items.map((item) => parseRef(String(item), defaults));
    if (refs.every((ref) => ref !== undefined)) return { type: "refs", refs: refs.map(formatRef) };
  }
  if (items.length === 1 && typeof first === "boolean") return { type: "flag", on: first };
  return items.length === 1 && typeof first === "string" && isSafeExternalUrl(first) ? { type: "url", url: first } : { type: "text", text: items.join(", ") };
}
