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
  return `${short(value, digits)}${nonBreaking}${units[unit] ?? ""}`;
}

/** A count with separators: "12,345". */
export function formatCount(count: number): string {
  return new Intl.NumberFormat("en").format(count);
}

/** A duration in the unit that needs the fewest digits: "0.04 ms", "0.4 ms", "120 ms", "2.5 s", "5 min". */
export function formatMillis(ms: number): string {
  if (ms >= 120_000 && ms % 60_000 === 0) return `${ms / 60_000}${nonBreaking}min`;
  if (ms >= 1000) return `${short(ms / 1000, ms >= 10_000 ? 0 : 1)}${nonBreaking}s`;
  if (ms > 0 && ms < 0.005) return `<${nonBreaking}0.01${nonBreaking}ms`;
  return `${short(ms, ms >= 10 ? 0 : ms >= 0.1 ? 1 : 2)}${nonBreaking}ms`;
}

/** At most so many digits after the point, without zeros at the end. */
const short = (value: number, digits: number) => String(Number(value.toFixed(digits)));

/** A share of one: "42 %". */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)}${nonBreaking}%`;
}

/** "1 entity", "3 entities". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)}${nonBreaking}${count === 1 ? one : many}`;
}
