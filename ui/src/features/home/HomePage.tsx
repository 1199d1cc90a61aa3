import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "@/api/queries";
import type { Entity } from "@/api/types";
import { useRecent, useStarred } from "@/components/bookmarks";
import { EntityLink } from "@/components/entity/EntityLink";
import { hasProblem, healthOf, kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { refOf } from "@/lib/entity-ref";
import { paths } from "@/lib/paths";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { HomeTemplate } from "@/ui/templates";
import { Doors } from "./Doors";
import classes from "./HomePage.module.css";
import { kindsQuery, ownedQuery } from "./queries";
import { strings } from "./strings";

const MOST_PROBLEMS = 5;
const MOST_LINKS = 8;

/** What needs this person first, then what is theirs, then the way to everything else. */
export default function HomePage() {
  const { data: session } = useQuery(sessionQuery());
  const ownershipRefs = session?.principal.ownershipRefs ?? [];
  const owned = useQuery({ ...ownedQuery(ownershipRefs), enabled: session !== undefined });
  const { refs: starred } = useStarred();
  const recent = useRecent();
  const items = owned.data?.items;
  const isNew = items?.length === 0 && starred.length === 0 && recent.length === 0;
  return (
    <HomeTemplate title={session ? strings.greeting(firstName(session.principal.displayName)) : strings.title}>
      <div className={classes.column}>
        {isNew && <Doors />}
        <Attention items={items} error={owned.error} retry={() => void owned.refetch()} />
        <Owned items={items} total={owned.data?.totalItems ?? 0} failed={owned.isError} />
      </div>
      <div className={classes.column}>
        <Links title={strings.starred} refs={starred} none={strings.starredNone} />
        <Links title={strings.recent} refs={recent} none={strings.recentNone} />
        <Kinds />
      </div>
    </HomeTemplate>
  );
}

function firstName(name: string): string {
  return name.split(/\s+/)[0] ?? name;
}

function Attention({ items, error, retry }: { items: readonly Entity[] | undefined; error: Error | null; retry: () => void }) {
  const problems = (items ?? []).filter(hasProblem);
  return (
    <Section title={strings.attention} {...(problems.length > 0 && { count: problems.length })}>
      {error && <ErrorState error={error} title={strings.attentionFailed} onRetry={retry} />}
      {!items && !error && <SkeletonLines lines={2} />}
      {items && problems.length === 0 && <StatusBadge status="ok" label={strings.attentionNone} />}
      <ul>
        {problems.slice(0, MOST_PROBLEMS).map((entity) => (
          <li key={refOf(entity)} className={classes.problem}>
            <StatusBadge {...healthOf(entity)} bare />
            <EntityLink entityRef={refOf(entity)} strong />
            <span className={classes.message}>{entity.status?.items?.find((item) => item.level !== "info")?.message ?? healthOf(entity).label}</span>
            <AppLink target={paths.entity(refOf(entity))} className={classes.verb} aria-label={`${strings.look}: ${entity.metadata.name}`}>
              {strings.look}
            </AppLink>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Owned({ items, total, failed }: { items: readonly Entity[] | undefined; total: number; failed: boolean }) {
  if (failed) return null;
  const shown = (items ?? []).slice(0, 12);
  return (
    <Section
      title={strings.owned}
      {...(total > 0 && { count: total })}
      {...(total > shown.length && {
        footer: (
          <AppLink target={paths.catalog({ query: "owner:me" })} className={classes.verb}>
            {strings.ownedAll(formatCount(total))}
          </AppLink>
        ),
      })}
    >
      {!items && <SkeletonLines lines={4} />}
      {items?.length === 0 && <p className={classes.faint}>{strings.ownedNone}</p>}
      <ul className={classes.grid}>
        {shown.map((entity) => (
          <li key={refOf(entity)} className={classes.item}>
            <EntityLink entityRef={refOf(entity)} />
            <span className={classes.faint}>{kindWords(entity.kind).one}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Links({ title, refs, none }: { title: string; refs: readonly string[]; none: string }) {
  return (
    <Section title={title}>
      {refs.length === 0 && <p className={classes.faint}>{none}</p>}
      <ul>
        {refs.slice(0, MOST_LINKS).map((ref) => (
          <li key={ref} className={classes.item}>
            <EntityLink entityRef={ref} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Kinds() {
  const { data, error, refetch } = useQuery(kindsQuery());
  const kinds = [...(data?.facets.kind ?? [])].sort((a, b) => b.count - a.count);
  return (
    <Section title={strings.catalog}>
      {error && <ErrorState error={error} title={strings.catalogFailed} onRetry={() => void refetch()} />}
      <ul>
        {kinds.map((kind) => (
          <li key={kind.value}>
            <AppLink target={paths.catalog({ query: `kind:${kind.value.toLowerCase()}` })} className={classes.kind}>
              <KindIcon kind={kind.value} />
              <span>{kindWords(kind.value).many}</span>
              <span className={classes.count}>{formatCount(kind.count)}</span>
            </AppLink>
          </li>
        ))}
      </ul>
    </Section>
  );
}
