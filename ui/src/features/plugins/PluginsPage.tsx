import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { pluginsQuery } from "@/api/queries";
import type { Plugin } from "@/api/types";
import { useCan } from "@/components/can";
import { paths } from "@/lib/paths";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { AppLink } from "@/ui/AppLink";
import { RelativeTime } from "@/ui/RelativeTime";
import { EmptyState, ErrorState } from "@/ui/states";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { AdminTemplate } from "@/ui/templates";
import { Meter } from "./Meter";
import classes from "./PluginsPage.module.css";
import { errorShare, nameOf, PluginState, shortDigest } from "./state";
import { strings } from "./strings";

const REFRESH_MS = 10_000;

const columns: readonly Column<Plugin>[] = [
  { id: "plugin", header: strings.plugin, primary: true, cell: (plugin) => nameOf(plugin) },
  { id: "state", header: strings.state, cell: (plugin) => <PluginState plugin={plugin} />, width: 110 },
  { id: "version", header: strings.version, cell: (plugin) => plugin.version },
  { id: "digest", header: strings.digest, cell: (plugin) => <code className={classes.faint}>{plugin.digest === undefined ? "" : shortDigest(plugin.digest)}</code>, card: "none" },
  { id: "origin", header: strings.origin, cell: (plugin) => strings.origins[plugin.origin] },
  { id: "instances", header: strings.instances, cell: (plugin) => plugin.instances && strings.instancesOf(plugin.instances.busy, plugin.instances.idle, plugin.instances.max) },
  { id: "memory", header: strings.memory, cell: (plugin) => plugin.memoryBytes !== undefined && <Meter value={plugin.memoryBytes} max={plugin.memoryLimitBytes ?? 0} text={formatBytes(plugin.memoryBytes)} /> },
  { id: "calls", header: strings.calls, align: "end", cell: (plugin) => formatCount(plugin.calls ?? 0) },
  { id: "errors", header: strings.errors, align: "end", cell: (plugin) => <span className={(plugin.errors ?? 0) > 0 ? undefined : classes.faint}>{errorShare(plugin)}</span> },
  { id: "p99", header: strings.p99, align: "end", cell: (plugin) => (plugin.p99Ms === undefined ? "" : formatMillis(plugin.p99Ms)) },
  { id: "loaded", header: strings.loaded, cell: (plugin) => plugin.loadedAt !== undefined && <RelativeTime value={plugin.loadedAt} />, card: "none" },
];

/** What runs in the sandbox, at which version, and what it costs. */
export default function PluginsPage() {
  const { data: plugins, error, refetch } = useQuery({ ...pluginsQuery(), refetchInterval: REFRESH_MS });
  const sum = (of: (plugin: Plugin) => number | undefined) => (plugins ?? []).reduce((total, plugin) => total + (of(plugin) ?? 0), 0);
  const [mayInstall] = useCan(["plugins.install"]);
  const failed = (plugins ?? []).filter((plugin) => plugin.state === "failed").length;
  return (
    <AdminTemplate
      title={strings.title}
      actions={
        mayInstall && (
          <Button leftSection={<IconPlus size={15} />} renderRoot={(props) => <AppLink {...props} target={paths.installPlugin()} />}>
            {strings.install}
          </Button>
        )
      }
      {...(plugins && {
        figures: [
          { label: strings.running, value: formatCount(plugins.filter((plugin) => plugin.state === "running").length) },
          { label: strings.failed, value: formatCount(failed) },
          { label: strings.memory, value: formatBytes(sum((plugin) => plugin.memoryBytes)) },
          { label: strings.calls, value: formatCount(sum((plugin) => plugin.calls)) },
        ],
      })}
    >
      {error ? (
        <ErrorState error={error} title={strings.loadFailed} onRetry={() => void refetch()} />
      ) : (
        <DataTable
          label={strings.title}
          name="plugins"
          columns={columns}
          rows={plugins}
          rowId={(plugin) => plugin.id}
          rowLabel={(plugin) => nameOf(plugin)}
          rowTarget={(plugin) => paths.plugin(plugin.id)}
          empty={<EmptyState title={strings.none}>{strings.noneBody}</EmptyState>}
        />
      )}
    </AdminTemplate>
  );
}
