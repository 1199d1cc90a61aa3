import type { Plugin } from "@/api/types";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import { stateWords } from "./strings";

const STATUS: Partial<Record<Plugin["state"], Status>> = { running: "ok", granted: "ok", failed: "error", draining: "running", compiled: "running", verified: "running", discovered: "running", stopped: "neutral" };

/** The state of a plugin as a badge. */
export function PluginState({ state }: { state: Plugin["state"] }) {
  return <StatusBadge status={STATUS[state] ?? "unknown"} label={stateWords[state] ?? state} />;
}

/** The first characters of a digest, enough to tell two apart. */
export function shortDigest(digest: string): string {
  const [algorithm, hex] = digest.includes(":") ? digest.split(":") : ["", digest];
  return `${algorithm ? `${algorithm}:` : ""}${(hex ?? "").slice(0, 12)}`;
}

/** Errors as a share of calls: "0.4 %". */
export function errorShare(plugin: { calls?: number; errors?: number }): string {
  const calls = plugin.calls ?? 0;
  if (calls === 0) return "0\u00a0%";
  const share = ((plugin.errors ?? 0) / calls) * 100;
  return `${share === 0 ? "0" : share < 0.1 ? "<\u00a00.1" : share.toFixed(1)}\u00a0%`;
}
