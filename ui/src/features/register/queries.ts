import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/error";
import { presenceOf, registerLocation } from "@/api/locations";
import type { Entity } from "@/api/types";

/** Ten quick looks, then slower ones: about a minute in all. */
const LOOKS = 40;
const pauseMs = (look: number) => (look < 10 ? 500 : 2000);

export const allThere = (present: readonly (Entity | null)[] | undefined): boolean => present?.every((entity) => entity !== null) ?? false;

/** Which of the entities are in the catalog. While they are expected it is asked again, so many times and no more. */
const presenceQuery = (refs: readonly string[], expected: boolean) =>
  queryOptions({
    queryKey: ["entities", "presence", refs, expected],
    queryFn: ({ signal }) => presenceOf(refs, signal),
    enabled: refs.length > 0,
    staleTime: 0,
    retry: false,
    refetchInterval: ({ state }) => {
      const looks = state.dataUpdateCount + state.errorUpdateCount;
      return expected && looks < LOOKS && !allThere(state.data) && pauseMs(looks);
    },
    placeholderData: (previous) => previous,
  });

export interface Presence {
  /** In the order of the refs; undefined while it is not known. */
  present: readonly (Entity | null)[] | undefined;
  failed: boolean;
  /** They are expected and not all there, and it is not asked again by itself. */
  late: boolean;
  lookAgain: () => void;
}

/** Follows entities until all of them are in the catalog. */
export function usePresence(refs: readonly string[], expected: boolean): Presence {
  const client = useQueryClient();
  const options = presenceQuery(refs, expected);
  // Each look counts, also one that finds the same: its time is read so that it draws again.
  const { data, isError, refetch, dataUpdatedAt, errorUpdatedAt } = useQuery(options);
  const state = client.getQueryState(options.queryKey);
  const looks = dataUpdatedAt + errorUpdatedAt === 0 || !state ? 0 : state.dataUpdateCount + state.errorUpdateCount;
  return { present: data, failed: isError, late: expected && looks >= LOOKS && !allThere(data), lookAgain: () => void refetch() };
}

export type Outcome = "now" | "already";

/** Registers a URL. That it is registered already is an answer, not a failure. */
export function useRegister() {
  return useMutation({
    mutationFn: async (target: string): Promise<{ target: string; outcome: Outcome }> => {
      try {
        await registerLocation(target);
        return { target, outcome: "now" };
      } catch (cause) {
        if (cause instanceof ApiError && cause.kind === "conflict") return { target, outcome: "already" };
        throw cause;
      }
    },
  });
}
