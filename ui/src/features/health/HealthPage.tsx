import { useQuery } from "@tanstack/react-query";
import { infoQuery, readinessQuery } from "@/api/queries";
import type { AppInfo, Readiness } from "@/api/types";
import { EntityLink } from "@/components/entity/EntityLink";
import { healthOf } from "@/components/entity/facts";
import { refOf } from "@/lib/entity-ref";
import { formatCount } from "@/lib/units";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { ErrorState, PartialNotice, SkeletonLines } from "@/ui/states";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import { AdminTemplate } from "@/ui/templates";
import classes from "./HealthPage.module.css";
import { problemsQuery } from "./queries";
import { strings } from "./strings";

const STATUS: Record<Readiness["status"], Status> = { ok: "ok", degraded: "warning", error: "error" };

/** What works, what does not, what runs, and what the catalog could not process: one screen. */
export default function HealthPage() {
  const readiness = useQuery(readinessQuery());
  const info = useQuery(infoQuery());
  const overall = readiness.data && <StatusBadge status={STATUS[readiness.data.status]} label={strings.overall[readiness.data.status]} />;
  return (
    <AdminTemplate title={strings.title} beside={overall} {...(info.data && { figures: figuresOf(info.data) })}>
      {info.error && <ErrorState error={info.error} title={strings.infoFailed} onRetry={() => void info.refetch()} />}
      <Section title={strings.checks}>
        {readiness.error && <ErrorState error={readiness.error} title={strings.loadFailed} onRetry={() => void readiness.refetch()} />}
        {readiness.isPending && <SkeletonLines lines={4} />}
        <ul>
          {readiness.data?.checks.map((check) => (
            <li key={check.name} className={classes.check}>
              <StatusBadge status={STATUS[check.status]} label={strings.check[check.status]} />
              <strong>{check.name}</strong>
              <span className={classes.message}>{check.message}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Problems />
    </AdminTemplate>
  );
}

function figuresOf(info: AppInfo) {
  const { entities, revision, locations, errors } = info.catalog;
  return [
    { label: strings.version, value: info.version },
    { label: strings.commit, value: <code>{info.commit.slice(0, 10)}</code> },
    { label: strings.started, value: <RelativeTime value={info.startedAt} /> },
    { label: strings.entities, value: formatCount(entities) },
    { label: strings.locations, value: formatCount(locations) },
    { label: strings.errors, value: formatCount(errors) },
    { label: strings.revision, value: formatCount(revision) },
  ];
}

function Problems() {
  const { data, error, isPending, refetch } = useQuery(problemsQuery());
  return (
    <Section title={strings.problems} {...(data && data.entities.length > 0 && { count: data.entities.length })}>
      {error && <ErrorState error={error} title={strings.problemsFailed} onRetry={() => void refetch()} />}
      {isPending && <SkeletonLines lines={3} />}
      {data && !data.complete && <PartialNotice>{strings.problemsPartial(formatCount(data.looked))}</PartialNotice>}
      {data?.entities.length === 0 && <StatusBadge status="ok" label={strings.problemsNone} />}
      <ul>
        {data?.entities.map((entity) => (
          <li key={refOf(entity)} className={classes.problem}>
            <StatusBadge {...healthOf(entity)} />
            <EntityLink entityRef={refOf(entity)} strong />
            <span className={classes.message}>{entity.status?.items?.find((item) => item.level !== "info")?.message}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
