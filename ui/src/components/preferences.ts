import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { changePreference, preferencesQuery, valueOf, type Preference } from "@/api/preferences";
import { useToast } from "@/ui/toast";
import { strings } from "./strings";

/** A preference of the person, and a way to change it. `loaded` is false until the server has answered. */
export function usePreference<T>(preference: Preference<T>): { value: T; loaded: boolean; change: (make: (before: T) => T) => Promise<boolean> } {
  const { data, isFetched } = useQuery(preferencesQuery());
  const client = useQueryClient();
  const toast = useToast();
  const change = useCallback(
    async (make: (before: T) => T) => {
      try {
        await changePreference(client, preference, make);
        return true;
      } catch (error) {
        toast({ text: strings.notKept(error instanceof Error ? error.message : String(error)) });
        return false;
      }
    },
    [client, preference, toast],
  );
  return { value: valueOf(data, preference), loaded: isFetched, change };
}
