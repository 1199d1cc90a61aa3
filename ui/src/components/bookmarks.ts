import { useCallback, useEffect } from "react";
import { isStringList, stored } from "@/lib/storage";
import { useStored } from "@/ui/use-stored";

const MOST_RECENT = 12;

const starred = stored("starred", [], isStringList);
const recent = stored("recent", [], isStringList);

/** The starred refs, the newest first, and a way to change them. Kept in this browser. */
export function useStarred(): { refs: readonly string[]; toggle: (ref: string) => boolean } {
  const refs = useStored(starred);
  const toggle = useCallback((ref: string) => {
    const before = starred.get();
    const on = !before.includes(ref);
    starred.set(on ? [ref, ...before] : before.filter((known) => known !== ref));
    return on;
  }, []);
  return { refs, toggle };
}

/** Stars several refs at once and returns what takes it back. */
export function starAll(refs: readonly string[]): () => void {
  const before = starred.get();
  starred.set([...refs.filter((ref) => !before.includes(ref)), ...before]);
  return () => starred.set(before);
}

/** The entities looked at, the latest first. */
export function useRecent(): readonly string[] {
  return useStored(recent);
}

/** Notes that this entity is being looked at. */
export function useVisit(ref: string): void {
  useEffect(() => {
    recent.set([ref, ...recent.get().filter((known) => known !== ref)].slice(0, MOST_RECENT));
  }, [ref]);
}
