import type { PluginUsage } from "@/api/types";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";
import { BarChart } from "@/ui/chart/BarChart";
import type { Merge } from "@/ui/chart/merge";
import classes from "./UsageTab.module.css";
import { usageWords } from "./strings";

type Step = PluginUsage["series"][number];

const charts: readonly { title: string; of: (step: Step) => number; text: (value: number) => string; merge?: Merge; tone?: "error" }[] = [
  { title: usageWords.calls, of: (step) => step.calls, text: formatCount },
  { title: usageWords.errors, of: (step) => step.errors, text: formatCount, tone: "error" },
  { title: usageWords.guest, of: (step) => step.guestMs, text: formatMillis },
  { title: usageWords.wait, of: (step) => step.waitMs + (step.pacedMs ?? 0), text: formatMillis },
  { title: usageWords.memory, of: (step) => step.memoryBytes, text: formatBytes, merge: "most" },
  { title: usageWords.fuel, of: (step) => step.fuel, text: formatCount },
  { title: usageWords.hostCalls, of: (step) => step.hostCalls, text: formatCount },
  { title: usageWords.egress, of: (step) => step.egressBytes, text: formatBytes },
];

/** What a plugin used over time, a figure a chart; `first` of them where there is little room. */
export function UsageCharts({ usage, first = charts.length }: { usage: PluginUsage; first?: number }) {
  return (
    <div className={classes.charts}>
      {charts.slice(0, first).map(({ title, of, text, merge, tone }) => (
        <BarChart key={title} title={title} points={usage.series.map((step) => ({ at: step.at, value: of(step) }))} text={text} step={usage.step} {...(merge && { merge })} {...(tone && { tone })} />
      ))}
    </div>
  );
}
