import { queryOptions, useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { getJson } from "@/api/client";
import { restoreLocation } from "@/api/history";
import { becomes, presenceOf, refreshEntity, unregisterLocation } from "@/api/locations";
import type { Entity, Location } from "@/api/types";
import { formatRef, type EntityRef } from "@/lib/entity-ref";
import { apiPaths } from "@/lib/paths";
import { plural } from "@/lib/units";
import { useToast } from "@/ui/toast";
import { strings } from "./strings";

/** The whole entity. */
export const entityQuery = (ref: EntityRef) =>
  queryOptions({ queryKey: ["entities", "full", formatRef(ref)], queryFn: ({ signal }) => getJson<Entity>(apiPaths.entityByName(ref), signal), staleTime: 15_000 });

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Everything that shows entities asks again. */
const stale = (client: QueryClient) => Promise.all([client.invalidateQueries({ queryKey: ["entities"] }), client.invalidateQueries({ queryKey: ["locations"] }), client.invalidateQueries({ queryKey: ["history"] })]);

const isThere = async (ref: string) => (await presenceOf([ref]))[0] != null;

/** Has an entity's source read again, and shows what it brings once it is there. */
export function useRefresh(ref: string, name: string) {
  const client = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: async () => {
      const [before] = await presenceOf([ref]);
      await refreshEntity(ref);
      return { etag: before?.metadata.etag };
    },
    onSuccess: ({ etag }) => {
      toast({ text: strings.refreshAsked(name) });
      // The server does not say when it has read the source: whatever changes within seconds is shown.
      const changed = becomes(async () => (await presenceOf([ref]))[0]?.metadata.etag !== etag, { times: 8, pauseMs: 750 });
      void changed.catch(() => false).then(() => stale(client));
    },
    onError: (error) => toast({ text: strings.refreshFailed(name, textOf(error)) }),
  });
}

/** Unregisters a location, waits a little until its entity has left, and offers to take it back. */
export function useUnregister(ref: string, onDone: () => void) {
  const client = useQueryClient();
  const toast = useToast();
  const undo = async ({ id, target }: Location) => {
    try {
      const back = await restoreLocation(id);
      toast({ text: back.pending ? strings.registeredAgainSoon(target) : strings.registeredAgain(target, plural(back.entities, "entity", "entities")) });
    } catch (error) {
      toast({ text: strings.undoFailed(target, textOf(error)) });
    }
    await stale(client);
  };
  return useMutation({
    mutationFn: async (location: Location) => {
      await unregisterLocation(location.id);
      // It is unregistered now: that its entities cannot be asked for changes nothing.
      return becomes(async () => !(await isThere(ref))).catch(() => false);
    },
    onSuccess: (gone, location) => {
      toast({ text: gone ? strings.unregistered(location.target) : strings.unregisteredSoon(location.target), undo: () => void undo(location) });
      onDone();
      void stale(client);
    },
  });
}
