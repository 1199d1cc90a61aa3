import { useQuery } from "@tanstack/react-query";
import { modelQuery } from "@/api/queries";
import type { Entity } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { relatedRefs, relationsByType, specText } from "@/components/entity/facts";
import { ownFields, type FieldValue } from "@/components/entity/own-fields";
import { refOf } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { formatQuery } from "@/lib/query/grammar";
import { AppLink } from "@/ui/AppLink";
import { Markdown } from "@/ui/markdown/Markdown";
import { Facts, Section } from "@/ui/Section";
import classes from "./Overview.module.css";
import { GroupParts, UserParts } from "./People";
import { RelationGroups } from "./RelationGroup";
import { strings } from "./strings";

const NEEDS = ["dependsOn", "consumesApi"];
const NEEDED_BY = ["dependencyOf", "apiConsumedBy"];
const PARTS = ["providesApi", "apiProvidedBy", "hasPart"];

/** How many things in the catalog would miss it. */
export function dependents(entity: Entity): number {
  return new Set(NEEDED_BY.flatMap((type) => relatedRefs(entity, type))).size;
}

/** What it is, what it needs, who needs it. Who owns it and how it is stand above, where it is beside. */
export function Overview({ entity }: { entity: Entity }) {
  const kind = entity.kind.toLowerCase();
  return (
    <>
      <Section title={strings.about}>
        {entity.metadata.description === undefined ? <p className={classes.faint}>{strings.noDescription}</p> : <Markdown source={entity.metadata.description} />}
        <Facts items={aboutFacts(entity)} />
      </Section>
      <OwnFields entity={entity} />
      {kind === "group" ? <GroupParts key={refOf(entity)} entity={entity} /> : kind === "user" ? <UserParts entity={entity} /> : <Needs entity={entity} />}
    </>
  );
}

function aboutFacts(entity: Entity) {
  const text = (label: string, value: string | undefined) => (value === undefined ? [] : [{ label, value }]);
  const links = (label: string, refs: readonly string[]) => (refs.length === 0 ? [] : [{ label, value: <span className={classes.links}>{refs.map((ref) => <EntityLink key={ref} entityRef={ref} />)}</span> }]);
  const tags = entity.metadata.tags ?? [];
  const email = specText(entity, "profile", "email");
  return [
    ...text(strings.type, specText(entity, "type")),
    ...text(strings.lifecycle, specText(entity, "lifecycle")),
    ...links(strings.system, relatedRefs(entity, "partOf")),
    ...(email === undefined ? [] : [{ label: strings.email, value: <a className={classes.link} href={`mailto:${encodeURIComponent(email).replace("%40", "@")}`}>{email}</a> }]),
    ...(entity.metadata.namespace === undefined || entity.metadata.namespace === "default" ? [] : text(strings.namespace, entity.metadata.namespace)),
    ...(tags.length === 0 ? [] : [{ label: strings.tags, value: <Tags tags={tags} /> }]),
  ];
}

/** What plugins declare for this kind beside what every entity has. Without the model it is still in Inspect. */
function OwnFields({ entity }: { entity: Entity }) {
  const { data: model } = useQuery(modelQuery());
  const fields = model ? ownFields(model, entity) : [];
  if (fields.length === 0) return null;
  return (
    <Section title={strings.details} aside={<AppLink className={classes.link} target={paths.model(entity.kind)}>{strings.aboutKind}</AppLink>}>
      <Facts
        items={fields.map(({ path, label, description, value }) => ({
          key: path,
          label,
          value: (
            <>
              <Value value={value} />
              {description !== undefined && <p className={classes.hint}>{description}</p>}
            </>
          ),
        }))}
      />
    </Section>
  );
}

function Value({ value }: { value: FieldValue }) {
  switch (value.type) {
    case "refs":
      return <span className={classes.links}>{value.refs.map((ref) => <EntityLink key={ref} entityRef={ref} />)}</span>;
    case "url":
      return <a className={classes.link} href={value.url} rel="noreferrer">{value.url}</a>;
    case "flag":
      return value.on ? strings.yes : strings.no;
    case "text":
      return value.text;
  }
}

function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <ul className={classes.tags}>
      {tags.map((tag) => (
        <li key={tag}>
          <AppLink target={paths.catalog({ query: formatQuery([{ type: "field", key: "tag", negated: false, values: [{ match: "is", text: tag }] }]) })} className={classes.tag}>
            {tag}
          </AppLink>
        </li>
      ))}
    </ul>
  );
}

function Needs({ entity }: { entity: Entity }) {
  const groups = relationsByType(entity.relations);
  const of = (types: readonly string[]) => types.flatMap((type) => (groups.has(type) ? [{ type, refs: groups.get(type) ?? [] }] : []));
  const ref = refOf(entity);
  const parts = of(PARTS);
  const related = (title: string, types: readonly string[], none: string) => {
    const found = of(types);
    return <Section title={title}>{found.length === 0 ? <p className={classes.faint}>{none}</p> : <RelationGroups entityRef={ref} groups={found} />}</Section>;
  };
  return (
    <>
      {related(strings.needs, NEEDS, strings.needsNone)}
      {related(strings.usedBy, NEEDED_BY, strings.usedByNone)}
      {parts.length > 0 && (
        <Section title={strings.parts}>
          <RelationGroups entityRef={ref} groups={parts} />
        </Section>
      )}
    </>
  );
}
