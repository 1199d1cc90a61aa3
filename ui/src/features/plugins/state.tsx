import type { Plugin } from "@/api/types";
import { StatusBadge, type Status } from "@/ui/StatusBadge";
import { stateWords } from "./strings";

type State = Plugin["state"] | "disabled" | "removed";

const STATUS: Partial<Record<State, Status>> = { running: "ok", granted: "ok", failed: "error", draining: "running", compiled: "running", verified: "running", discovered: "running", stopped: "neutral", disabled: "warning", removed: "neutral" };

/** The word for how a plugin is, what an operator decided first. */
export function stateOf({ state, enabled, removedAt }: Pick<Plugin, "state" | "enabled"> & { removedAt?: string }): State {
  if (removedAt !== undefined) return "removed";
  return enabled ? state : "disabled";
}

/** The state of a plugin as a badge. */
export function PluginState({ plugin }: { plugin: Pick<Plugin, "state" | "enabled"> & { removedAt?: string } }) {
  const state = stateOf(plugin);
  return <StatusBadge status={STATUS[state] ?? "unknown"} label={stateWords[state] ?? state} />;
}

/** What people call it. A plugin that nothing is known of but its id is called by that. */
export const nameOf = ({ id, title }: Pick<Plugin, "id" | "title">): string => (title === undefined || title === "" ? id : title);

/** The first characters of a digest, enough to tell two apart, with or without the name of its algorithm before it. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}

/** Errors as a share of calls: "0.4 %". */
export function errorShare(plugin: { calls?: number; errors?: number }): string {
  const calls = plugin.calls ?? 0;
  if (calls === 0) return "0\u00a0%";
  const share = ((plugin.errors ?? 0) / calls) * 100;
  return `${share === 0 ? "0" : share < 0.1 ? "<\u00a00.1" : share.toFixed(1)}\u00a0%`;
}
