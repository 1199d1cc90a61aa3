import { useQuery } from "@tanstack/react-query";
import { problemsQuery, sessionQuery } from "@/api/queries";
import type { Entity } from "@/api/types";
import { useRecent, useStarred } from "@/components/bookmarks";
import { EntityLink } from "@/components/entity/EntityLink";
import { kindWords } from "@/components/entity/facts";
import { KindIcon } from "@/components/entity/KindIcon";
import { useHomeSlots } from "@/components/home/slots";
import { ProblemLines } from "@/components/problem/ProblemLines";
import { refOf } from "@/lib/entity-ref";
import { paths, type Target } from "@/lib/paths";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { HomeTemplate } from "@/ui/templates";
import { Changes } from "./Changes";
import { Doors } from "./Doors";
import classes from "./HomePage.module.css";
import { kindsQuery, MOST_OWNED, MOST_PROBLEMS, ownedQuery } from "./queries";
import { strings } from "./strings";

const MOST_LINKS = 8;

/** What needs this person first, then what is theirs, then the way to everything else. */
export default function HomePage() {
  const { data: session } = useQuery(sessionQuery());
  const ownershipRefs = session?.principal.ownershipRefs ?? [];
  const owned = useQuery({ ...ownedQuery(ownershipRefs), enabled: session !== undefined });
  const { waits: Waits } = useHomeSlots();
  const { refs: starred, loaded } = useStarred();
  const recent = useRecent();
  const items = owned.data?.items;
  const isNew = loaded && items?.length === 0 && starred.length === 0 && recent.length === 0;
  return (
    <HomeTemplate title={session ? strings.greeting(firstName(session.principal.displayName)) : strings.title}>
      <div className={classes.column}>
        {isNew && <Doors />}
        <Attention owners={session && ownershipRefs} />
        {session && Waits && <Waits ownershipRefs={ownershipRefs} />}
        <Changes owners={session && ownershipRefs} />
        <Owned items={items} total={owned.data?.totalItems ?? 0} error={owned.error} retry={() => void owned.refetch()} />
      </div>
      <div className={classes.column}>
        <Links title={strings.starred} refs={starred} none={strings.starredNone} loaded={loaded} all={paths.catalog({ query: "is:starred" })} />
        <Links title={strings.recent} refs={recent} none={strings.recentNone} loaded={loaded} />
        <Kinds />
      </div>
    </HomeTemplate>
  );
}

function firstName(name: string): string {
  return name.split(/\s+/)[0] ?? name;
}

function Attention({ owners }: { owners: readonly string[] | undefined }) {
  const { data, error, refetch } = useQuery({ ...problemsQuery({ owners: owners ?? [], limit: MOST_PROBLEMS }), enabled: owners !== undefined });
  const total = data?.totalItems ?? 0;
  return (
    <Section
      title={strings.attention}
      {...(total > 0 && { count: total })}
      {...(total > MOST_PROBLEMS && {
        footer: (
          <AppLink target={paths.problems({ owners: ["me"] })} className={classes.verb}>
            {strings.ownedAll(formatCount(total))}
          </AppLink>
        ),
      })}
    >
      {error && <ErrorState error={error} title={strings.attentionFailed} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonLines lines={2} />}
      {data && total === 0 && <StatusBadge status="ok" label={strings.attentionNone} />}
      {data && <ProblemLines items={data.items} />}
    </Section>
  );
}

function Owned({ items, total, error, retry }: { items: readonly Entity[] | undefined; total: number; error: Error | null; retry: () => void }) {
  const shown = (items ?? []).slice(0, MOST_OWNED);
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
      {error && <ErrorState error={error} title={strings.ownedFailed} onRetry={retry} />}
      {!items && !error && <SkeletonLines lines={4} />}
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

function Links({ title, refs, none, loaded, all }: { title: string; refs: readonly string[]; none: string; loaded: boolean; all?: Target }) {
  const more = all !== undefined && refs.length > MOST_LINKS;
  return (
    <Section
      title={title}
      {...(more && {
        footer: (
          <AppLink target={all} className={classes.verb}>
            {strings.ownedAll(formatCount(refs.length))}
          </AppLink>
        ),
      })}
    >
      {!loaded && <SkeletonLines lines={2} height={32} />}
      {loaded && refs.length === 0 && <p className={classes.faint}>{none}</p>}
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
