import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { PluginDetail, PluginEvent } from "@/api/types";
import { paths } from "@/lib/paths";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { Section } from "@/ui/Section";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import classes from "./PluginPage.module.css";
import { withoutFinished } from "./history";
import { historyQuery } from "./queries";
import { shortDigest } from "./state";
import { Subject } from "./Subject";
import { actionWords, outcomeWords, roleWords, strings } from "./strings";

type Running = PluginDetail["versions"][number];
type Release = PluginDetail["releases"][number];

const running: readonly Column<Running>[] = [
  { id: "version", header: strings.version, primary: true, cell: (version) => version.version },
  { id: "role", header: strings.role, cell: (version) => (version.percent === undefined ? roleWords[version.role] : strings.withShare(roleWords[version.role] ?? version.role, version.percent)) },
  { id: "digest", header: strings.digest, cell: (version) => <code className={classes.faint}>{shortDigest(version.digest)}</code>, card: "none" },
  { id: "calls", header: strings.calls, align: "end", cell: (version) => formatCount(version.calls) },
  { id: "errors", header: strings.errors, align: "end", cell: (version) => formatCount(version.errors) },
  { id: "crashes", header: strings.crashes, align: "end", cell: (version) => formatCount(version.crashes) },
  { id: "mean", header: strings.mean, align: "end", cell: (version) => formatMillis(version.meanMs) },
  { id: "inside", header: strings.inside, align: "end", cell: (version) => formatCount(version.inside) },
];

/** Which versions there are, which of them run, and what became of them. */
export default function VersionsTab({ plugin }: { plugin: PluginDetail }) {
  return (
    <>
      <Section title={strings.runsNow}>
        <DataTable plain label={strings.runsNow} name="plugin-versions" columns={running} rows={plugin.versions} rowId={(version) => `${version.digest} ${version.role}`} rowLabel={(version) => version.version} empty={<EmptyState title={strings.nothingRuns} />} />
      </Section>
      {plugin.releases.length > 0 && (
        <Section title={strings.releases} count={plugin.releases.length}>
          <DataTable plain label={strings.releases} name="plugin-releases" columns={releaseColumns(plugin)} rows={plugin.releases} rowId={(release) => release.digest} rowLabel={(release) => release.version} empty={<EmptyState title={strings.nothingRuns} />} />
        </Section>
      )}
      <History id={plugin.id} />
    </>
  );
}

function releaseColumns(plugin: PluginDetail): readonly Column<Release>[] {
  return [
    { id: "version", header: strings.version, primary: true, cell: (release) => release.version },
    { id: "role", header: strings.role, cell: (release) => roleWords[release.role] },
    { id: "digest", header: strings.digest, cell: (release) => <code className={classes.faint}>{shortDigest(release.digest)}</code>, card: "none" },
    { id: "size", header: strings.size, align: "end", cell: (release) => formatBytes(release.bytes) },
    { id: "brought", header: strings.brought, cell: (release) => release.createdAt !== undefined && <RelativeTime value={release.createdAt} /> },
    { id: "by", header: strings.by, cell: (release) => release.createdBy !== undefined && <Subject subject={release.createdBy} /> },
    {
      id: "review",
      header: strings.review,
      cell: (release) =>
        release.role !== "current" && release.role !== "canary" &&
        plugin.origin === "installed" && (
          <Button size="compact-xs" variant="default" aria-label={strings.reviewVersion(release.version)} renderRoot={(props) => <AppLink {...props} target={paths.reviewRelease(release.digest)} />}>
            {strings.review}
          </Button>
        ),
    },
  ];
}

const OUTCOME: Record<PluginEvent["outcome"], Status> = { started: "running", done: "ok", waits: "warning", failed: "error" };

const history: readonly Column<PluginEvent>[] = [
  { id: "at", header: strings.when, cell: (event) => <RelativeTime value={event.at} />, width: 120 },
  { id: "action", header: strings.action, primary: true, cell: (event) => actionWords[event.action] ?? event.action },
  { id: "outcome", header: strings.outcome, cell: (event) => <StatusBadge status={OUTCOME[event.outcome]} label={outcomeWords[event.outcome] ?? event.outcome} /> },
  { id: "version", header: strings.version, cell: (event) => event.version ?? "" },
  { id: "subject", header: strings.by, cell: (event) => <Subject subject={event.subject} /> },
  { id: "message", header: strings.message, wrap: true, cell: (event) => event.message ?? "" },
];

function History({ id }: { id: string }) {
  const { data: events, error, isPending, refetch } = useQuery(historyQuery(id));
  return (
    <Section title={strings.history}>
      {isPending && <SkeletonLines lines={4} />}
      {error && <ErrorState error={error} title={strings.historyFailed} onRetry={() => void refetch()} />}
      {events && <DataTable plain label={strings.history} name="plugin-history" columns={history} rows={withoutFinished(events)} rowId={(event) => `${event.at} ${event.action} ${event.outcome}`} rowLabel={(event) => event.action} empty={<EmptyState title={strings.noHistory} />} />}
    </Section>
  );
}
