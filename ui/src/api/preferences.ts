import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { apiPaths } from "@/lib/paths";
import { changeJson, getJson } from "./client";
import { ApiError } from "./error";

/** What a person chose, as the server keeps it: a value of any shape under a key, with its revision. */
export interface Kept {
  key: string;
  revision: number;
  value: unknown;
}

/** One kind of preference: its key, what it is before anything was chosen, and the check of what the server sends. */
export interface Preference<T> {
  key: string;
  fallback: T;
  accepts: (value: unknown) => value is T;
}

/** Everything that the person chose, by key. It is theirs on every browser. */
export const preferencesQuery = () =>
  queryOptions({
    queryKey: ["preferences"],
    queryFn: async ({ signal }) => {
      const { items } = await getJson<{ items: Kept[] }>(apiPaths.preferences, signal);
      return new Map(items.map((item) => [item.key, item]));
    },
    staleTime: 60_000,
  });

type All = ReadonlyMap<string, Kept>;

/** The value of a preference. What does not pass its check, another version's shape, reads as the fallback. */
export function valueOf<T>(all: All | undefined, { key, fallback, accepts }: Preference<T>): T {
  const value = all?.get(key)?.value;
  return value !== undefined && accepts(value) ? value : fallback;
}

const ATTEMPTS = 3;

// Changes of one key go one after another, so that each knows the revision of the one before.
const running = new Map<string, Promise<unknown>>();

/**
 * Changes a preference. The screen shows it at once; when another browser was faster, the change is made again on
 * top of what that one wrote, and when it cannot be kept the screen goes back and the promise fails.
 */
export function changePreference<T>(client: QueryClient, preference: Preference<T>, change: (before: T) => T): Promise<void> {
  const turn = (running.get(preference.key) ?? Promise.resolve()).then(() => apply(client, preference, change));
  running.set(
    preference.key,
    turn.catch(() => undefined),
  );
  return turn;
}

async function apply<T>(client: QueryClient, preference: Preference<T>, change: (before: T) => T): Promise<void> {
  const { queryKey } = preferencesQuery();
  const show = (kept: Kept) => client.setQueryData(queryKey, (all: Map<string, Kept> | undefined) => new Map(all).set(kept.key, kept));
  for (let attempt = 1; ; attempt++) {
    const all = await client.query({ ...preferencesQuery(), staleTime: "static" });
    const before = valueOf(all, preference);
    const after = change(before);
    if (Object.is(before, after)) return;
    const revision = all.get(preference.key)?.revision ?? 0;
    await client.cancelQueries({ queryKey });
    show({ key: preference.key, revision, value: after });
    try {
      show(await changeJson<Kept>("PUT", apiPaths.preference(preference.key), { value: after }, revision));
      return;
    } catch (error) {
      await client.resetQueries({ queryKey });
      if (!(error instanceof ApiError && error.kind === "conflict") || attempt >= ATTEMPTS) throw error;
    }
  }
}
