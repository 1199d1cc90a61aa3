const nonBreaking = "\u00a0";

/** Bytes in binary units: "5.2 MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)}${nonBreaking}${units[unit] ?? ""}`;
}

/** A count with separators: "12,345". */
export function formatCount(count: number): string {
  return new Intl.NumberFormat("en").format(count);
}

/** A duration in the unit that needs the fewest digits: "0.4 ms", "120 ms", "2.5 s". */
export function formatMillis(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 0 : 1)}${nonBreaking}s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms.toFixed(ms >= 10 ? 0 : 1)}${nonBreaking}ms`;
}

/** "1 entity", "3 entities". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)}${nonBreaking}${count === 1 ? one : many}`;
}
