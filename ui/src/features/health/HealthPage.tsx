import { useQuery } from "@tanstack/react-query";
import { infoQuery, pluginsQuery, problemsQuery, readinessQuery } from "@/api/queries";
import type { AppInfo } from "@/api/types";
import { ProblemLines } from "@/components/problem/ProblemLines";
import { paths } from "@/lib/paths";
import { formatCount } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { AdminTemplate } from "@/ui/templates";
import classes from "./HealthPage.module.css";
import { partsOf, worst, type Part } from "./parts";
import { queueQuery } from "./queries";
import { strings } from "./strings";

const FIRST_PROBLEMS = 5;

/** Every part of the portal on one screen: how it is, what still works, what to do. */
export default function HealthPage() {
  const readiness = useQuery(readinessQuery());
  const info = useQuery(infoQuery());
  const plugins = useQuery(pluginsQuery());
  const problems = useQuery(problemsQuery({ limit: FIRST_PROBLEMS }));
  const ids = (plugins.data ?? []).filter(({ state }) => state === "running" || state === "failed").map(({ id }) => id);
  const queue = useQuery({ ...queueQuery(ids), enabled: plugins.data !== undefined });
  const count = (type: string) => problems.data && (problems.data.counts.types.find(({ value }) => value === type)?.count ?? 0);
  const parts = partsOf({ readiness: readiness.data, info: info.data, plugins: plugins.data, unreadable: count("unreadable"), refused: count("processing"), queue: queue.data });
  const asked = [readiness, info, plugins, problems].every(({ isPending }) => !isPending);
  const overall = worst(parts);

  return (
    <AdminTemplate title={strings.title} beside={asked && readiness.data && <StatusBadge status={overall} label={strings.overall[overall]} />} {...(info.data && { figures: figuresOf(info.data) })}>
      {readiness.error && <ErrorState error={readiness.error} title={strings.loadFailed} onRetry={() => void readiness.refetch()} />}
      {info.error && !readiness.error && <ErrorState error={info.error} title={strings.infoFailed} onRetry={() => void info.refetch()} />}
      <Section title={strings.parts}>
        {!asked && <SkeletonLines lines={7} />}
        {asked && (
          <ul>
            {parts.map((part) => (
              <PartLine key={part.name} part={part} />
            ))}
          </ul>
        )}
      </Section>
      <Section
        title={strings.problems}
        {...(problems.data && problems.data.totalItems > 0 && { count: problems.data.totalItems })}
        {...(problems.data && problems.data.totalItems > FIRST_PROBLEMS && {
          footer: (
            <AppLink target={paths.problems()} className={classes.verb}>
              {strings.allProblems(formatCount(problems.data.totalItems))}
            </AppLink>
          ),
        })}
      >
        {problems.error && <ErrorState error={problems.error} title={strings.problemsFailed} onRetry={() => void problems.refetch()} />}
        {problems.isPending && <SkeletonLines lines={3} />}
        {problems.data?.totalItems === 0 && <StatusBadge status="ok" label={strings.problemsNone} />}
        {problems.data && <ProblemLines items={problems.data.items} />}
      </Section>
    </AdminTemplate>
  );
}

function PartLine({ part: { name, status, state, works, todo, target } }: { part: Part }) {
  return (
    <li className={classes.part} data-status={status}>
      <strong>{name}</strong>
      <StatusBadge status={status} label={strings.statusWords[status]} />
      <div className={classes.state}>
        <p>{state}</p>
        {works !== undefined && (
          <p className={classes.muted}>
            <span className={classes.label}>{strings.works}</span> {works}
          </p>
        )}
        {todo !== undefined && (
          <p className={classes.muted}>
            <span className={classes.label}>{strings.todo}</span> {todo}
          </p>
        )}
      </div>
      {target !== undefined && status !== "ok" && (
        <AppLink target={target} className={classes.verb} aria-label={strings.look(name)}>
          {strings.lookShort}
        </AppLink>
      )}
    </li>
  );
}

function figuresOf(info: AppInfo) {
  const { entities, revision, locations, refreshedAt } = info.catalog;
  return [
    { label: strings.version, value: info.version },
    { label: strings.commit, value: <code>{info.commit.slice(0, 10)}</code> },
    { label: strings.started, value: <RelativeTime value={info.startedAt} /> },
    { label: strings.entities, value: formatCount(entities) },
    { label: strings.sources, value: formatCount(locations) },
    ...(refreshedAt === undefined ? [] : [{ label: strings.refreshed, value: <RelativeTime value={refreshedAt} /> }]),
    { label: strings.revision, value: formatCount(revision) },
  ];
}
