import type { AppInfo, Plugin, Readiness } from "@/api/types";
import type { Target } from "@/lib/paths";
import { paths } from "@/lib/paths";
import { formatCount, formatMillis, plural } from "@/lib/units";
import type { Status } from "@/ui/StatusBadge";
import { strings } from "./strings";

/** Tasks and events that wait or failed, over all plugins. */
export interface Queue {
  waiting: number;
  running: number;
  failed: number;
  dead: number;
  /** Whether there are more than were counted. */
  more: boolean;
}

/** What is known; what could not be asked is undefined. */
export interface Known {
  readiness: Readiness | undefined;
  info: AppInfo | undefined;
  plugins: readonly Plugin[] | undefined;
  /** Locations that cannot be read, and descriptors that were refused. */
  unreadable: number | undefined;
  refused: number | undefined;
  queue: Queue | undefined;
}

/** One part of the portal: how it is, what still works, what to do. */
export interface Part {
  name: string;
  status: Status;
  state: string;
  works?: string;
  todo?: string;
  target?: Target;
}

const OF_CHECK: Record<Readiness["status"], Status> = { ok: "ok", degraded: "warning", error: "error" };

/** Every part that an operator is asked about at night, the same ones in the same order whatever happens. */
export function partsOf(known: Known): Part[] {
  return [database(known), replicas(known), search(known), plugins(known), locations(known), queue(known), refresh(known), ...others(known)];
}

const unknown = (name: string): Part => ({ name, status: "unknown", state: strings.unknown });
const check = ({ readiness }: Known, ...names: string[]) => readiness?.checks.find(({ name }) => names.includes(name));

function database(known: Known): Part {
  const found = check(known, "database", "store");
  if (!found) return unknown(strings.database);
  const backend = known.info?.database === undefined ? strings.answers : strings.backend[known.info.database];
  if (found.status === "ok") return { name: strings.database, status: "ok", state: found.message ?? backend };
  return { name: strings.database, status: OF_CHECK[found.status], state: found.message ?? strings.noAnswer, works: strings.databaseWorks, todo: strings.databaseTodo };
}

function replicas(known: Known): Part {
  if (!known.readiness) return unknown(strings.replicas);
  const found = check(known, "replicas");
  const replica = known.info?.replica;
  if (!replica && !found) return { name: strings.replicas, status: "neutral", state: known.info?.database === "postgres" ? strings.replicasUnknown : strings.replicasOne };
  const parts = replica ? [leadOf(replica), behindOf(replica)] : [found?.message ?? strings.replicasUnknown];
  const well = (found?.status ?? "ok") === "ok" && (replica?.connected ?? true);
  const state = [...(well || !replica ? [] : [found?.message ?? strings.outOfTouch]), ...parts.filter((part) => part !== undefined)].join("; ");
  return { name: strings.replicas, status: well ? "ok" : OF_CHECK[found?.status === "error" ? "error" : "degraded"], state, ...(!well && { works: strings.replicasWorks, todo: strings.replicasTodo }) };
}

type Replica = NonNullable<AppInfo["replica"]>;

function leadOf({ name, leader, leads }: Replica): string {
  if (leads) return strings.leads(name);
  return leader === undefined ? strings.noLeader(name) : strings.followsLeader(name, leader);
}

function behindOf({ behind, leads }: Replica): string | undefined {
  if (leads || behind === undefined) return undefined;
  return behind === 0 ? strings.upToDate : strings.behind(plural(behind, "revision"));
}

function search(known: Known): Part {
  const found = check(known, "search");
  if (found && found.status !== "ok") return { name: strings.search, status: OF_CHECK[found.status], state: found.message ?? strings.noAnswer, works: strings.searchWorks, todo: strings.searchTodo };
  if (!known.info) return unknown(strings.search);
  const { entities, revision } = known.info.catalog;
  return { name: strings.search, status: "ok", state: found?.message ?? strings.searchState(plural(entities, "entity", "entities"), formatCount(revision)) };
}

function plugins({ plugins: all }: Known): Part {
  if (!all) return unknown(strings.plugins);
  const failed = all.filter(({ state }) => state === "failed");
  const running = all.filter(({ state }) => state === "running");
  const part = { name: strings.plugins, target: paths.plugins() };
  if (failed.length === 0) return { ...part, status: "ok", state: strings.pluginsRun(plural(running.length, "plugin")) };
  return { ...part, status: "error", state: strings.pluginsFailed(failed.map(({ title, id }) => title ?? id).join(", ")), works: strings.pluginsWork(formatCount(running.length)), todo: strings.pluginsTodo };
}

function locations({ unreadable, refused, info }: Known): Part {
  if (unreadable === undefined || refused === undefined) return unknown(strings.locations);
  const part = { name: strings.locations, target: paths.problems({ types: ["unreadable", "processing"] }) };
  if (unreadable + refused === 0) return { ...part, status: "ok", state: info ? strings.locationsRead(plural(info.catalog.locations, "source")) : strings.answers };
  const what = [...(unreadable > 0 ? [strings.unreadable(plural(unreadable, "location"))] : []), ...(refused > 0 ? [strings.refused(plural(refused, "descriptor"))] : [])];
  return { ...part, status: unreadable > 0 ? "error" : "warning", state: what.join(", "), works: strings.locationsWork, todo: strings.locationsTodo };
}

function queue({ queue: found }: Known): Part {
  if (!found) return unknown(strings.queue);
  const more = found.more ? strings.orMore : "";
  const state = strings.queueState(formatCount(found.running), formatCount(found.waiting)) + more;
  if (found.failed + found.dead === 0) return { name: strings.queue, status: "ok", state };
  return { name: strings.queue, status: "warning", state: strings.queueFailed(plural(found.failed, "task"), plural(found.dead, "event")) + more, works: strings.queueWorks, todo: strings.queueTodo, target: paths.plugins() };
}

function refresh({ info }: Known): Part {
  if (!info) return unknown(strings.refresh);
  const { refreshedAt, tookMillis } = info.catalog;
  if (refreshedAt === undefined) return { name: strings.refresh, status: "running", state: strings.refreshFirst, works: strings.refreshWorks };
  return { name: strings.refresh, status: "ok", state: strings.refreshTook(formatMillis(tookMillis ?? 0)) };
}

const SHOWN = new Set(["database", "store", "replicas", "search", "catalog", "plugins"]);

/** Checks that this page has no words for. Plugins have a part of their own. */
function others({ readiness }: Known): Part[] {
  return (readiness?.checks ?? [])
    .filter(({ name }) => !SHOWN.has(name) && !name.startsWith("plugin "))
    .map(({ name, status, message }) => ({ name, status: OF_CHECK[status], state: message ?? strings.check[status] }));
}

/** The worst of them, for the line on top. */
export function worst(parts: readonly Part[]): Extract<Status, "ok" | "warning" | "error"> {
  if (parts.some(({ status }) => status === "error")) return "error";
  return parts.some(({ status }) => status === "warning") ? "warning" : "ok";
}
