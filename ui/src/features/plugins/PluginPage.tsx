import { useQuery } from "@tanstack/react-query";
import { ApiError } from "@/api/error";
import { pluginQuery } from "@/api/queries";
import type { Plugin } from "@/api/types";
import { paths } from "@/lib/paths";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { CodeBlock } from "@/ui/code/CodeBlock";
import { CopyText } from "@/ui/Copy";
import { usePageParams } from "@/ui/page-route";
import { RelativeTime } from "@/ui/RelativeTime";
import { Facts, Section } from "@/ui/Section";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { StatusBadge } from "@/ui/StatusBadge";
import { DetailTemplate } from "@/ui/templates";
import { Meter } from "./Meter";
import classes from "./PluginPage.module.css";
import { errorShare, PluginState } from "./state";
import { strings } from "./strings";

const crumbs = [{ label: strings.title, target: paths.plugins() }];

/** One plugin: what it may do, what it costs, and why it failed. */
export default function PluginPage() {
  const { id = "" } = usePageParams();
  const { data: plugin, error, isPending, refetch } = useQuery(pluginQuery(id));
  if (!plugin) {
    const missing = error instanceof ApiError && error.kind === "not_found";
    return (
      <DetailTemplate title={id} crumbs={crumbs}>
        {isPending && <SkeletonLines lines={8} />}
        {missing && <EmptyState title={strings.notFound} />}
        {error && !missing && <ErrorState error={error} title={strings.pluginFailed} onRetry={() => void refetch()} />}
      </DetailTemplate>
    );
  }
  return (
    <DetailTemplate
      title={plugin.title ?? plugin.id}
      crumbs={crumbs}
      beside={<PluginState state={plugin.state} />}
      below={
        <>
          <code>{plugin.id}</code>
          <span>{plugin.version}</span>
          <span>{plugin.core ? strings.core : strings.company}</span>
          {plugin.description !== undefined && <span>{plugin.description}</span>}
        </>
      }
      {...(plugin.error && { banner: <Failure error={plugin.error} /> })}
      aside={
        <>
          <Section title={strings.costs}>
            <Facts items={costs(plugin)} />
          </Section>
          <Section title={strings.version}>
            <Facts items={identity(plugin)} />
          </Section>
        </>
      }
    >
      <Capabilities plugin={plugin} />
      {plugin.error && (
        <Section title={strings.stderr}>
          {(plugin.error.stderr ?? []).length === 0 ? <p className={classes.faint}>{strings.stderrNone}</p> : <CodeBlock code={(plugin.error.stderr ?? []).join("\n")} label={strings.stderr} />}
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
    </DetailTemplate>
  );
}

function Failure({ error }: { error: NonNullable<Plugin["error"]> }) {
  return (
    <div role="alert" className={classes.failure}>
      <StatusBadge status="error" label={error.message} />
    </div>
  );
}

function Capabilities({ plugin }: { plugin: Plugin }) {
  const capabilities = plugin.capabilities ?? [];
  return (
    <Section title={strings.may} count={capabilities.length}>
      {capabilities.length === 0 ? (
        <p className={classes.faint}>{strings.mayNone}</p>
      ) : (
        <ul>
          {capabilities.map((capability) => (
            <li key={capability.name} className={classes.capability}>
              <code className={classes.name}>{capability.name}</code>
              <span className={classes.why}>
                {capability.reason}
                {capability.scope !== undefined && capability.scope !== "" && <code className={classes.scope}>{capability.scope}</code>}
              </span>
              <StatusBadge status={capability.granted ? "ok" : "warning"} label={capability.granted ? strings.granted : strings.notGranted} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function costs(plugin: Plugin) {
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

function identity(plugin: Plugin) {
  return [
    { label: strings.version, value: plugin.version },
    ...(plugin.digest === undefined ? [] : [{ label: strings.digest, value: <CopyText value={plugin.digest} /> }]),
    ...(plugin.owner === undefined ? [] : [{ label: strings.owner, value: plugin.owner }]),
    ...(plugin.loadedAt === undefined ? [] : [{ label: strings.loaded, value: <RelativeTime value={plugin.loadedAt} /> }]),
  ];
}
