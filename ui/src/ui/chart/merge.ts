/** One value of a figure over time. */
export interface Point {
  at: string;
  value: number;
}

/** How values of neighbouring steps become one: what happened adds up, what is held does not. */
export type Merge = "sum" | "most";

/** At most so many points: neighbours become one, the newest group may be short. `width` is how many became one. */
export function merged(points: readonly Point[], most: number, merge: Merge): { points: Point[]; width: number } {
  const width = Math.max(1, Math.ceil(points.length / most));
  const out: Point[] = [];
  for (let start = 0; start < points.length; start += width) {
    const group = points.slice(start, start + width);
    const values = group.map((point) => point.value);
    out.push({ at: group[0]?.at ?? "", value: merge === "sum" ? total(values) : Math.max(...values) });
  }
  return { points: out, width };
}

export const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
