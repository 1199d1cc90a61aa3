import type { PluginDetail } from "@/api/types";
import { formatBytes, formatCount, formatMillis } from "@/lib/units";

export type Limit = PluginDetail["limits"][number];

/** A value of a limit with its unit. */
export function limitValue(value: number, unit: Limit["unit"]): string {
  if (unit === "bytes") return formatBytes(value);
  if (unit === "ms") return formatMillis(value);
  return formatCount(value);
}

/** What is in force, and what was asked for where that is something else. */
export function limitText(limit: Limit): string {
  const effective = limitValue(limit.effective, limit.unit);
  return limit.asked === undefined || limit.asked === limit.effective ? effective : `${effective} (asked for ${limitValue(limit.asked, limit.unit)})`;
}

const UNITS = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** How a value is written in the configuration: "64MiB", "5s", 1000. */
export function writtenLimit(value: number, unit: Limit["unit"]): string {
  if (unit === "ms") return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
  if (unit !== "bytes") return String(value);
  for (const name of ["GiB", "MiB", "KiB"] as const) if (value > 0 && value % UNITS[name] === 0) return `${value / UNITS[name]}${name}`;
  return String(value);
}

/** Puts a value at a dotted name: deadline.request of 2s is {deadline: {request: "2s"}}. */
export function nested(values: readonly (readonly [string, string])[], units: ReadonlyMap<string, Limit["unit"]>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, text] of values) {
    const plain = /^\d+$/.test(text) && units.get(name) !== "ms";
    const path = name.split(".");
    let place = out;
    for (const part of path.slice(0, -1)) place = (place[part] ??= {}) as Record<string, unknown>;
    place[path.at(-1) ?? name] = plain ? Number(text) : text;
  }
  return out;
}
