import type { Status } from "@/ui/StatusBadge";

export interface LogLine {
  text: string;
  level?: "warning" | "error";
}

/** One step of a task and what it wrote. */
export interface LogStep {
  id: string;
  name: string;
  status: Status;
  statusLabel: string;
  duration?: string;
  lines: readonly LogLine[];
}

export type LogRow = { type: "step"; step: LogStep } | { type: "line"; line: LogLine; number: number };

/** The rows that a log shows: each step, and its lines unless it is folded. Lines keep their number. */
export function flatten(steps: readonly LogStep[], folded: ReadonlySet<string>): LogRow[] {
  let number = 0;
  return steps.flatMap((step): LogRow[] => {
    const lines = step.lines.map((line): LogRow => ({ type: "line", line, number: ++number }));
    return [{ type: "step", step }, ...(folded.has(step.id) ? [] : lines)];
  });
}
