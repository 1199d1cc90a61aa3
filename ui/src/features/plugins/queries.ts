import { queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { changeJson, getJson, postModule } from "@/api/client";
import type { PluginDetail, PluginEvent, PluginRecording, PluginReview, PluginUsage } from "@/api/types";
import { apiPaths } from "@/lib/paths";
import { useToast } from "@/ui/toast";

const SECOND = 1000;

/** One plugin with everything that an operator sees and changes. */
export const pluginQuery = (id: string) =>
  queryOptions({ queryKey: ["plugins", id], queryFn: ({ signal }) => getJson<PluginDetail>(apiPaths.plugin(id), signal), staleTime: 5 * SECOND, refetchInterval: 10 * SECOND });

/** What became of it, newest first. */
export const historyQuery = (id: string) => queryOptions({ queryKey: ["plugins", id, "history"], queryFn: ({ signal }) => getJson<PluginEvent[]>(apiPaths.pluginPart(id, "history"), signal), staleTime: 5 * SECOND });

export type UsageWindow = "15m" | "1h" | "24h";

/** What it used, in steps that fit the window. */
export const usageQuery = (id: string, window: UsageWindow) =>
  queryOptions({
    queryKey: ["plugins", id, "usage", window],
    queryFn: ({ signal }) => getJson<PluginUsage>(apiPaths.pluginUsage(id, window), signal),
    staleTime: 5 * SECOND,
    refetchInterval: 10 * SECOND,
    placeholderData: (previous) => previous,
  });

/** Its recorded calls, newest first. */
export const recordingsQuery = (id: string) => queryOptions({ queryKey: ["plugins", id, "recordings"], queryFn: ({ signal }) => getJson<PluginRecording[]>(apiPaths.pluginPart(id, "recordings"), signal), staleTime: 5 * SECOND });

/** What a release asks for, beside what is granted. */
export const reviewQuery = (digest: string) => queryOptions({ queryKey: ["plugin-releases", digest], queryFn: ({ signal }) => getJson<PluginReview>(apiPaths.pluginRelease(digest), signal) });

export const uploadRelease = (file: Blob, signal: AbortSignal, onProgress: (share: number) => void) => postModule<PluginReview>(apiPaths.pluginReleases, file, signal, onProgress);

/** true: as asked for; false: nothing; an object: a narrower scope. */
export type Grant = boolean | Record<string, unknown>;

export interface Activation {
  digest: string;
  grants?: Record<string, Grant>;
  canaryPercent?: number;
  restore?: boolean;
  reason?: string;
}

/** What can be done to a plugin, by the name of its endpoint. */
export type Change =
  | { part: "activate"; body: Activation }
  | { part: "promote" | "withdraw" | "enable"; body: Record<string, never> }
  | { part: "rollback"; body: { digest?: string; restore?: boolean } }
  | { part: "disable"; body: { reason: string } }
  | { part: "record"; body: { calls: number } }
  | { part: "grants"; body: { grants: Record<string, Grant | null> } }
  | { part: "limits"; body: { limits: Record<string, unknown> } }
  | { part: "config"; body: { config: Record<string, unknown> | null } };

const put: readonly Change["part"][] = ["grants", "limits", "config"];

/** What plugins are and do is asked again, and the model, which they bring. */
const changed = (client: QueryClient) => Promise.all([client.invalidateQueries({ queryKey: ["plugins"] }), client.invalidateQueries({ queryKey: ["model"] })]);

/** Changes a plugin as it was seen, and says so. A change by somebody else in between is refused. */
export function usePluginChange(id: string, revision?: number) {
  const client = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: ({ change }: { change: Change; done: string }) => changeJson<unknown>(put.includes(change.part) ? "PUT" : "POST", apiPaths.pluginPart(id, change.part), change.body, revision),
    onSuccess: (_, { done }) => toast({ text: done }),
    onSettled: () => changed(client),
  });
}

/** Removes a plugin; its data stays for thirty days, or goes with it. `onRemoved` is called even though what asked is gone by then. */
export function useRemovePlugin(id: string, revision: number, onRemoved: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ purge }: { purge: boolean }) => changeJson<unknown>("DELETE", `${apiPaths.plugin(id)}${purge ? "?purge=true" : ""}`, undefined, revision),
    onSuccess: onRemoved,
    onSettled: () => changed(client),
  });
}

export function useDeleteRecording(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (recording: string) => changeJson<unknown>("DELETE", apiPaths.recording(id, recording), undefined),
    onSettled: () => client.invalidateQueries({ queryKey: ["plugins", id, "recordings"] }),
  });
}
