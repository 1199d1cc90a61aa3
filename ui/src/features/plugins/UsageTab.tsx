import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { PluginDetail, PluginUsage } from "@/api/types";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { Facts, Section } from "@/ui/Section";
import { ErrorState, SkeletonLines } from "@/ui/states";
import { Meter } from "./Meter";
import { Subject } from "./Subject";
import { UsageCharts } from "./UsageCharts";
import classes from "./UsageTab.module.css";
import { usageQuery, type UsageWindow } from "./queries";
import { kindOfError, limitWords, strings, usageWords } from "./strings";

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
          <UsageCharts usage={usage} />
          <div className={classes.charts}>
            <Top title={strings.topCallers} header={strings.caller} rows={usage.topCallers.map((caller) => ({ key: caller.subject, name: <Subject subject={caller.subject} />, calls: caller.calls, guestMs: caller.guestMs }))} />
            <Top title={strings.topRoutes} header={strings.call} rows={usage.topRoutes.map(callName).map(([name, route]) => ({ key: name, name: <code>{name}</code>, calls: route.calls, guestMs: route.guestMs }))} />
            <Budget usage={usage} />
            {Object.keys(usage.errorsByKind).length > 0 && (
              <Section title={strings.errorKinds}>
                <Facts items={Object.entries(usage.errorsByKind).map(([kind, count]) => ({ label: kindOfError[kind] ?? kind, value: formatCount(count) }))} />
              </Section>
            )}
          </div>
        </>
      )}
    </>
  );
}

/** The route of a request, the operation of anything else. */
const callName = (call: PluginUsage["topRoutes"][number]) => [call.route === undefined || call.route === "" ? call.op : `${call.method ?? ""} ${call.route}`, call] as const;

function Top({ title, header, rows }: { title: string; header: string; rows: readonly { key: string; name: ReactNode; calls: number; guestMs: number }[] }) {
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <p className={classes.none}>{strings.noCalls}</p>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{header}</th>
              <th scope="col">{usageWords.calls}</th>
              <th scope="col">{usageWords.guest}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <th scope="row">{row.name}</th>
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
  const shares = Object.entries(usage.budget)
    .filter(([, share]) => share.limit > 0)
    .sort(([, a], [, b]) => b.used / b.limit - a.used / a.limit);
  if (shares.length === 0) return null;
  return (
    <Section title={strings.budget}>
      <p className={classes.none}>{strings.budgetHint}</p>
      <dl className={classes.budget}>
        {shares.map(([name, share]) => (
          <div key={name}>
            <dt>{limitWords[name] ?? name}</dt>
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
