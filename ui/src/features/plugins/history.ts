import type { PluginEvent } from "@/api/types";

/** The history without the beginnings of what has ended: newest first, as it comes. */
export function withoutFinished(events: readonly PluginEvent[]): readonly PluginEvent[] {
  const ended = new Set<string>();
  return events.filter((event) => {
    const key = `${event.action} ${event.version ?? ""} ${event.digest ?? ""}`;
    // A canary has begun when it has started; its end is an event of another name.
    if (event.outcome === "started" && event.action !== "canary") return !ended.delete(key);
    if (event.outcome === "done" || event.outcome === "failed") ended.add(key);
    return true;
  });
}
