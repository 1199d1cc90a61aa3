import type { Entity } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { relatedRefs, relationsByType, specText } from "@/components/entity/facts";
import { parseRef, refOf } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { formatQuery } from "@/lib/query/grammar";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { Markdown } from "@/ui/markdown/Markdown";
import { Facts, Section } from "@/ui/Section";
import classes from "./Overview.module.css";
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
      {kind === "group" || kind === "user" ? <People entity={entity} /> : <Needs entity={entity} />}
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

function People({ entity }: { entity: Entity }) {
  const groups = relationsByType(entity.relations);
  const ref = refOf(entity);
  const isGroup = parseRef(ref)?.kind === "group";
  const members = groups.get("hasMember") ?? [];
  const owned = groups.get("ownerOf") ?? [];
  const around = ["childOf", "parentOf", "memberOf"].flatMap((type) => (groups.has(type) ? [{ type, refs: groups.get(type) ?? [] }] : []));
  return (
    <>
      {isGroup && (
        <Section title={strings.members} count={members.length}>
          {members.length === 0 ? (
            <p className={classes.faint}>{strings.membersNone}</p>
          ) : (
            <RefList refs={members} />
          )}
        </Section>
      )}
      {around.length > 0 && (
        <Section title={strings.relations}>
          <RelationGroups entityRef={ref} groups={around} all />
        </Section>
      )}
      {owned.length > 0 && (
        <Section title={strings.owns} count={owned.length}>
          <RefList refs={owned} />
        </Section>
      )}
    </>
  );
}

const MOST_IN_LIST = 60;

function RefList({ refs }: { refs: readonly string[] }) {
  const shown = refs.slice(0, MOST_IN_LIST);
  return (
    <ul className={classes.people}>
      {shown.map((ref) => (
        <li key={ref}>
          <EntityLink entityRef={ref} />
        </li>
      ))}
      {shown.length < refs.length && <li className={classes.faint}>{`+${formatCount(refs.length - shown.length)}`}</li>}
    </ul>
  );
}
