import type { CatalogModel, Entity, ModelField } from "@/api/types";
import { EntityLink, OwnerChip } from "@/components/entity/EntityLink";
import { displayName, healthOf, kindWords, specText } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { kindDeclares, ownFieldsOfKind } from "@/components/entity/own-fields";
import { formatRef, parseRef } from "@/lib/entity-ref";
import { StatusBadge } from "@/ui/StatusBadge";
import type { Column } from "@/ui/table/columns";
import classes from "./columns.module.css";
import { fieldColumn, fieldText } from "./field-columns";
import { strings } from "./strings";

type EntityColumn = Column<Entity>;

/** A ref of the spec made complete: the kind that its field implies, the namespace of its entity. */
function specRef(entity: Entity, field: string, kind: string): string | undefined {
  const text = specText(entity, field);
  const ref = text === undefined ? undefined : parseRef(text, { kind, namespace: entity.metadata.namespace ?? "default" });
  return ref && formatRef(ref);
}

/** The refs of a list in the spec, complete. */
function specRefs(entity: Entity, field: string, kind: string): string[] {
  const list = entity.spec?.[field];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const ref = typeof item === "string" ? parseRef(item, { kind, namespace: entity.metadata.namespace ?? "default" }) : undefined;
    return ref ? [formatRef(ref)] : [];
  });
}

const text = (id: string, header: string, value: (entity: Entity) => string | undefined, more: Partial<EntityColumn> = {}): EntityColumn => ({ id, header, cell: (entity) => value(entity) ?? "", ...more });

const link = (id: string, header: string, field: string, kind: string): EntityColumn => ({
  id,
  header,
  cell: (entity) => {
    const ref = specRef(entity, field, kind);
    return ref === undefined ? "" : <EntityLink entityRef={ref} icon={false} />;
  },
  sortKey: `spec.${field}`,
});

const name: EntityColumn = {
  id: "name",
  header: strings.name,
  primary: true,
  sortKey: "metadata.name",
  cell: (entity) => (
    <>
      <KindIcon kind={entity.kind} label={kindWords(entity.kind).one} />
      <span className={classes.clip}>{displayName(entity)}</span>
    </>
  ),
};

const owner: EntityColumn = {
  id: "owner",
  header: strings.owner,
  sortKey: "spec.owner",
  cell: (entity) => {
    const ref = specRef(entity, "owner", "group");
    return <OwnerChip refs={ref === undefined ? [] : [ref]} />;
  },
};

const health: EntityColumn = { id: "health", header: strings.health, cell: (entity) => <StatusBadge {...healthOf(entity)} />, width: 120 };
const kind = text("kind", strings.kind, (entity) => kindWords(entity.kind).one, { sortKey: "kind" });
const type = text("type", strings.type, (entity) => specText(entity, "type"), { sortKey: "spec.type" });
const lifecycle = text("lifecycle", strings.lifecycle, (entity) => specText(entity, "lifecycle"), { sortKey: "spec.lifecycle" });
const system = link("system", strings.system, "system", "system");
const domain = link("domain", strings.domain, "domain", "domain");
const description: EntityColumn = { id: "description", header: strings.description, cell: (entity) => <span className={classes.muted} title={entity.metadata.description}>{entity.metadata.description ?? ""}</span>, grow: true, card: "none" };
const tags: EntityColumn = { id: "tags", header: strings.tags, cell: (entity) => <span className={classes.muted}>{(entity.metadata.tags ?? []).join(" · ")}</span>, hidden: true };
const parent = link("parent", strings.parent, "parent", "group");
const members = text("members", strings.members, (entity) => String(specRefs(entity, "members", "user").length || ""), { align: "end" });
const email = text("email", strings.email, (entity) => specText(entity, "profile", "email"));
const memberOf: EntityColumn = { id: "memberOf", header: strings.memberOf, cell: (entity) => <span className={classes.links}>{specRefs(entity, "memberOf", "group").map((ref) => <EntityLink key={ref} entityRef={ref} icon={false} />)}</span> };
const target = text("target", strings.target, (entity) => {
  const targets = entity.spec?.targets;
  return specText(entity, "target") ?? (Array.isArray(targets) ? targets.filter((item) => typeof item === "string").join(", ") : undefined);
});

const BY_KIND: Record<string, readonly EntityColumn[]> = {
  component: [name, owner, system, type, lifecycle, health, description, tags],
  api: [name, owner, system, type, lifecycle, health, description, tags],
  resource: [name, owner, system, type, health, description, tags],
  system: [name, owner, domain, health, description, tags],
  domain: [name, owner, health, description, tags],
  group: [name, type, parent, members, health, description],
  user: [name, email, memberOf, health],
  template: [name, owner, type, health, description, tags],
  location: [name, type, target, health],
};

const ANY_KIND: readonly EntityColumn[] = [name, kind, owner, type, lifecycle, health, description, tags];

/** How many of the fields of a plugin's kind show before anybody chose. */
const SHOWN_FIELDS = 4;

/** The columns that say most about entities of this kind, and those of the fields that plugins declare for it, for the column chooser. */
export function columnsFor(kindName: string | undefined, model?: CatalogModel): readonly EntityColumn[] {
  if (kindName === undefined || !model?.kinds.some((one) => one.kind.toLowerCase() === kindName)) return (kindName === undefined ? undefined : BY_KIND[kindName]) ?? ANY_KIND;
  const fields = ownFieldsOfKind(model, kindName);
  const layout = BY_KIND[kindName];
  if (layout) return [...layout, ...fields.map((field) => fieldColumn(field, false))];
  const says = (path: string, column: EntityColumn) => (kindDeclares(model, kindName, path) ? [column] : []);
  // What else a thing has to do with says more than its figures; a computed field says what others say already.
  const ordered = [...fields.filter(({ relation }) => relation), ...fields.filter(({ relation }) => !relation)];
  const shown = new Set(ordered.filter(({ format }) => format === undefined).slice(0, SHOWN_FIELDS));
  const about = shown.size === SHOWN_FIELDS ? { ...description, hidden: true as const } : description;
  return [name, owner, ...says("spec.system", system), ...says("spec.type", type), ...says("spec.lifecycle", lifecycle), ...ordered.map((field) => fieldColumn(field, shown.has(field))), health, about, tags];
}

/** The columns of an export: everything that the list knows, whatever is shown, and the kind's own fields by their paths. */
export function exportHeader(fields: readonly ModelField[]): string[] {
  return [...EXPORT_HEADER, ...fields.map(({ path }) => path)];
}

const EXPORT_HEADER = ["ref", "kind", "namespace", "name", "title", "owner", "type", "lifecycle", "system", "tags", "description"];

export function exportRow(entity: Entity, fields: readonly ModelField[]): string[] {
  const { namespace = "default", name: own, title = "", tags: ownTags = [], description: about = "" } = entity.metadata;
  const spec = (field: string) => specText(entity, field) ?? "";
  return [formatRef({ kind: entity.kind, namespace, name: own }), entity.kind, namespace, own, title, spec("owner"), spec("type"), spec("lifecycle"), spec("system"), ownTags.join(" "), about, ...fields.map((field) => fieldText(entity, field))];
}
