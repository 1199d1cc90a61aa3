import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { PluginDetail, PluginUsage } from "@/api/types";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { BarChart } from "@/ui/chart/BarChart";
import { Section } from "@/ui/Section";
import { EmptyState, ErrorState, SkeletonLines } from "@/ui/states";
import { Meter } from "./Meter";
import classes from "./UsageTab.module.css";
import { usageQuery, type UsageWindow } from "./queries";
import { strings, usageWords } from "./strings";

type Point = PluginUsage["series"][number];

const charts: readonly { title: string; of: (point: Point) => number; text: (value: number) => string; tone?: "error" }[] = [
  { title: usageWords.calls, of: (point) => point.calls, text: formatCount },
  { title: usageWords.errors, of: (point) => point.errors, text: formatCount, tone: "error" },
  { title: usageWords.guest, of: (point) => point.guestMs, text: formatMillis },
  { title: usageWords.fuel, of: (point) => point.fuel, text: formatCount },
  { title: usageWords.wait, of: (point) => point.waitMs + (point.pacedMs ?? 0), text: formatMillis },
  { title: usageWords.memory, of: (point) => point.memoryBytes, text: formatBytes },
  { title: usageWords.hostCalls, of: (point) => point.hostCalls, text: formatCount },
  { title: usageWords.egress, of: (point) => point.egressBytes, text: formatBytes },
];

/** What it costs over time, who causes it, and how near it is to its limits. */
export default function UsageTab({ plugin }: { plugin: PluginDetail }) {
  const [window, setWindow] = useState<UsageWindow>("1h");
  const { data: usage, error, isPending, refetch } = useQuery(usageQuery(plugin.id, window));
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label={strings.window}
          size="xs"
          value={window}
          onChange={setWindow}
          data={[
            { value: "15m", label: strings.minutes15 },
            { value: "1h", label: strings.hour },
            { value: "24h", label: strings.day },
          ]}
        />
      </div>
      {isPending && <SkeletonLines lines={10} />}
      {error && !usage && <ErrorState error={error} title={strings.usageFailed} onRetry={() => void refetch()} />}
      {usage && (
        <>
          <div className={classes.charts}>
            {charts.map((chart) => (
              <BarChart key={chart.title} title={chart.title} points={usage.series.map((point) => ({ at: point.at, value: chart.of(point) }))} text={chart.text} step={usage.step} {...(chart.tone && { tone: chart.tone })} />
            ))}
          </div>
          <div className={classes.charts}>
            <Top title={strings.topCallers} rows={usage.topCallers.map((caller) => ({ key: caller.subject || strings.nobody, calls: caller.calls, guestMs: caller.guestMs }))} />
            <Top title={strings.topRoutes} rows={usage.topRoutes.map((route) => ({ key: route.route === undefined || route.route === "" ? route.op : `${route.method ?? ""} ${route.route}`, calls: route.calls, guestMs: route.guestMs }))} />
            <Budget usage={usage} />
          </div>
        </>
      )}
    </>
  );
}

function Top({ title, rows }: { title: string; rows: readonly { key: string; calls: number; guestMs: number }[] }) {
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <EmptyState title={strings.noCalls} />
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{title}</th>
              <th scope="col">{usageWords.calls}</th>
              <th scope="col">{usageWords.guest}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  <code>{row.key}</code>
                </th>
                <td>{formatCount(row.calls)}</td>
                <td>{formatMillis(row.guestMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Budget({ usage }: { usage: PluginUsage }) {
  const shares = Object.entries(usage.budget).filter(([, share]) => share.limit > 0);
  if (shares.length === 0) return null;
  return (
    <Section title={strings.budget}>
      <dl className={classes.budget}>
        {shares.map(([name, share]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Meter value={share.used} max={share.limit} text={strings.of(budgetText(name, share.used), budgetText(name, share.limit))} />
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

const budgetText = (name: string, value: number) => (/bytes|memory/i.test(name) ? formatBytes(value) : name === "cpu" ? value.toFixed(2) : formatCount(Math.round(value)));
