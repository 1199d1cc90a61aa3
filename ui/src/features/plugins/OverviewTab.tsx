import { useQuery } from "@tanstack/react-query";
import type { PluginDetail } from "@/api/types";
import { OwnerChip } from "@/components/entity/EntityLink";
import { paths } from "@/lib/paths";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { CopyText } from "@/ui/Copy";
import { RelativeTime } from "@/ui/RelativeTime";
import { Facts, Section } from "@/ui/Section";
import { SkeletonLines } from "@/ui/states";
import { Meter } from "./Meter";
import classes from "./PluginPage.module.css";
import { usageQuery } from "./queries";
import { errorShare } from "./state";
import { strings } from "./strings";
import { UsageCharts } from "./UsageCharts";

/** What runs, since when, and what it costs right now. */
export function OverviewTab({ plugin }: { plugin: PluginDetail }) {
  const stderr = plugin.error?.stderr ?? [];
  return (
    <>
      {plugin.removedAt === undefined && <Recent id={plugin.id} />}
      <div className={classes.columns}>
        <Section title={strings.costs}>
          <Facts items={costs(plugin)} />
        </Section>
        <Section title={strings.version}>
          <Facts items={identity(plugin)} />
        </Section>
        <Section title={strings.data}>
          <Facts items={stored(plugin)} />
        </Section>
      </div>
      {plugin.error && (
        <Section title={strings.stderr}>
          {stderr.length === 0 ? <p className={classes.faint}>{strings.stderrNone}</p> : <CodeBlock code={stderr.join("\n")} label={strings.stderr} />}
          {plugin.error.stack !== undefined && plugin.error.stack !== "" && <CodeBlock code={plugin.error.stack} label={strings.stack} />}
        </Section>
      )}
      {(plugin.routes ?? []).length > 0 && (
        <Section title={strings.routes} count={plugin.routes?.length ?? 0}>
          <ul className={classes.routes}>
            {plugin.routes?.map((route) => (
              <li key={`${route.method} ${route.path}`}>
                <code className={classes.method}>{route.method}</code>
                <code>{route.path}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {(plugin.processors ?? []).length > 0 && (
        <Section title={strings.processors}>
          <Facts items={(plugin.processors ?? []).map((processor) => ({ label: processor.name, value: (processor.kinds ?? []).join(", ") }))} />
        </Section>
      )}
    </>
  );
}

/** The last hour at a glance; the rest is on its own tab. */
function Recent({ id }: { id: string }) {
  const { data: usage } = useQuery(usageQuery(id, "1h"));
  return (
    <Section title={strings.lastHour} aside={<AppLink target={paths.plugin(id, "usage")} className={classes.more}>{strings.allUsage}</AppLink>}>
      {usage ? <UsageCharts usage={usage} first={3} /> : <SkeletonLines lines={2} />}
    </Section>
  );
}

function costs(plugin: PluginDetail) {
  const { memoryBytes, memoryLimitBytes = 0, instances, p50Ms, p99Ms } = plugin;
  return [
    ...(memoryBytes === undefined ? [] : [{ label: strings.memory, value: <Meter value={memoryBytes} max={memoryLimitBytes} text={strings.of(formatBytes(memoryBytes), formatBytes(memoryLimitBytes))} /> }]),
    ...(instances ? [{ label: strings.instances, value: strings.instancesOf(instances.busy, instances.idle, instances.max) }] : []),
    { label: strings.calls, value: formatCount(plugin.calls ?? 0) },
    { label: strings.errors, value: `${formatCount(plugin.errors ?? 0)}, ${strings.errorShare(errorShare(plugin))}` },
    ...(p50Ms === undefined ? [] : [{ label: strings.median, value: formatMillis(p50Ms) }]),
    ...(p99Ms === undefined ? [] : [{ label: strings.p99, value: formatMillis(p99Ms) }]),
  ];
}

function identity(plugin: PluginDetail) {
  return [
    { label: strings.version, value: plugin.version },
    ...(plugin.digest === undefined ? [] : [{ label: strings.digest, value: <CopyText value={plugin.digest} /> }]),
    { label: strings.publisher, value: plugin.publisher === "local" ? strings.publishedBy("local") : plugin.publisher },
    ...(plugin.owner === undefined ? [] : [{ label: strings.owner, value: plugin.owner.includes(":") ? <OwnerChip refs={[plugin.owner]} /> : plugin.owner }]),
    ...(plugin.fixedBy === undefined ? [] : [{ label: strings.fixedIn, value: <code>{plugin.fixedBy}</code> }]),
    ...(plugin.loadedAt === undefined ? [] : [{ label: strings.loaded, value: <RelativeTime value={plugin.loadedAt} /> }]),
  ];
}

function stored({ data }: PluginDetail) {
  return [
    { label: strings.values, value: formatBytes(data.kvBytes) },
    { label: strings.blobs, value: formatBytes(data.blobBytes) },
    { label: strings.dataVersion, value: String(data.schemaVersion) },
  ];
}
