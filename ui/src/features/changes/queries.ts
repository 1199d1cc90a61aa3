import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { postJson } from "@/api/client";
import { restoreLocation } from "@/api/history";
import { unregisterLocation } from "@/api/locations";
import type { EntityFacets, RemovedLocation } from "@/api/types";
import { apiPaths } from "@/lib/paths";
import { plural } from "@/lib/units";
import { useToast } from "@/ui/toast";
import { strings } from "./strings";

/** The kinds and owners to filter by. */
export const facetsQuery = () =>
  queryOptions({ queryKey: ["entities", "kinds and owners"], queryFn: ({ signal }) => postJson<EntityFacets>(apiPaths.entityFacets, { facets: ["kind", "relations.ownedBy"] }, signal), staleTime: 60_000 });

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Registers a removed location again, says what came back, and offers to take it back. */
export function useRestore() {
  const client = useQueryClient();
  const toast = useToast();
  const stale = () => Promise.all(["history", "entities", "locations"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const undo = async ({ id, target }: RemovedLocation) => {
    try {
      await unregisterLocation(id);
      toast({ text: strings.undone(target) });
    } catch (error) {
      toast({ text: strings.undoFailed(target, textOf(error)) });
    }
    await stale();
  };
  return useMutation({
    mutationFn: (location: RemovedLocation) => restoreLocation(location.id),
    onSuccess: (back, location) => {
      const { target } = location;
      toast({ text: back.pending ? strings.restoredSoon(target) : strings.restored(target, plural(back.entities, "entity", "entities")), undo: () => void undo(location) });
      void stale();
    },
    onError: (error, { target }) => toast({ text: strings.restoreFailed(target, textOf(error)) }),
  });
}
