import { useCallback, useEffect } from "react";
import type { Preference } from "@/api/preferences";
import { isStringList } from "@/lib/storage";
import { usePreference } from "./preferences";

const MOST_RECENT = 12;
const MOST_STARRED = 500;

const starred: Preference<string[]> = { key: "starred", fallback: [], accepts: isStringList };
const recent: Preference<string[]> = { key: "recent", fallback: [], accepts: isStringList };

/** The starred refs, the newest first, and ways to change them. They are the person's on every browser. */
export function useStarred(): { refs: readonly string[]; loaded: boolean; toggle: (ref: string) => void; starAll: (refs: readonly string[]) => void; unstarAll: (refs: readonly string[]) => void } {
  const { value: refs, loaded, change } = usePreference(starred);
  const toggle = useCallback((ref: string) => void change((before) => (before.includes(ref) ? before.filter((known) => known !== ref) : [ref, ...before].slice(0, MOST_STARRED))), [change]);
  const starAll = useCallback((more: readonly string[]) => void change((before) => [...more.filter((ref) => !before.includes(ref)), ...before].slice(0, MOST_STARRED)), [change]);
  const unstarAll = useCallback((less: readonly string[]) => void change((before) => before.filter((ref) => !less.includes(ref))), [change]);
  return { refs, loaded, toggle, starAll, unstarAll };
}

/** The entities looked at, the latest first. */
export function useRecent(): readonly string[] {
  return usePreference(recent).value;
}

/** Notes that this entity is being looked at. */
export function useVisit(ref: string): void {
  const { change } = usePreference(recent);
  useEffect(() => {
    void change((before) => (before[0] === ref ? before : [ref, ...before.filter((known) => known !== ref)].slice(0, MOST_RECENT)));
  }, [ref, change]);
}
