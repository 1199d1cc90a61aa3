import type { EntityChange, EntityChangeField } from "@/api/types";
import { nameOfRef } from "@/components/entity/facts";
import { formatBytes } from "@/lib/units";

/** What happened, as a word beside its entity. */
export const actionWords: Record<EntityChange["action"], string> = {
  created: "Added",
  updated: "Changed",
  deleted: "Removed",
  relations: "Connected otherwise",
  status: "Problems changed",
};

/** Every action, in the order of filters. */
export const ACTIONS = Object.keys(actionWords) as EntityChange["action"][];

const reasons: Record<NonNullable<EntityChange["cause"]["reason"]>, string> = {
  source: "its source changed",
  provider: "a plugin brought it",
  registered: "its location was registered",
  unregistered: "its location was unregistered",
  refreshed: "its source was read again",
  removed: "it was taken out as an orphan",
  configuration: "the configuration changed",
  processing: "kinds or processors changed",
};

/** Why it happened, in one line; the person is named beside it. */
export function reasonOf({ cause }: EntityChange): string {
  if (cause.reason === undefined) return "";
  const why = cause.reason === "provider" && cause.plugin ? `plugin ${cause.plugin} brought it` : reasons[cause.reason];
  return cause.by === undefined ? why : `follows ${nameOfRef(cause.by)}`;
}

/** A JSON pointer as people write it: spec.owner. */
export function fieldName(path: string): string {
  if (path === "") return "the whole entity";
  return path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part, index) => (index === 0 ? part : /^\d+$/.test(part) ? `[${part}]` : /^[\w-]+$/.test(part) ? `.${part}` : `["${part}"]`))
    .join("");
}

/** One side of a difference as text; undefined when there was nothing. */
export function valueText(value: unknown, elided: EntityChangeField["beforeDigest"]): string | undefined {
  if (elided) return formatBytes(elided.bytes);
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const strings = {
  nothing: "nothing",
  before: "before",
  after: "after",
  more: (count: number) => `and ${count} more fields`,
  gained: "New relations",
  lost: "Relations that are gone",
  asked: "asked by",
  revision: (revision: number) => `revision ${revision}`,
  asOf: "As it was",
  loadMore: "Load more",
  loading: "Loading",
  none: "Nothing has changed",
  noneBody: "Changes are kept for as long as catalog.history says. There are none that fit.",
  failed: "The changes cannot be loaded",
} as const;
