import { useSyncExternalStore } from "react";
import type { Stored } from "@/lib/storage";

/** The value of a stored key, followed through every change in every tab. */
export function useStored<T>(source: Stored<T>): T {
  return useSyncExternalStore(source.subscribe, source.get);
}
