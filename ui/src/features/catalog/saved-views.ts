import { useCallback } from "react";
import { usePreference } from "@/components/preferences";
import { savedViews, type SavedView } from "@/components/saved-views";

/** The person's views, with what can be done to them. They are theirs on every browser. */
export function useSavedViews() {
  const { value, change } = usePreference(savedViews);
  const save = useCallback((view: SavedView) => void change((before) => withView(before, view)), [change]);
  const rename = useCallback((name: string, to: string) => void change((before) => renamed(before, name, to)), [change]);
  const remove = useCallback((name: string) => void change((before) => before.filter((view) => view.name !== name)), [change]);
  /** Puts a view back where it was. */
  const restore = useCallback((view: SavedView, at: number) => void change((before) => [...before.slice(0, at), view, ...before.slice(at)]), [change]);
  return { views: value, save, rename, remove, restore };
}

/** The views with this one; one with the same name is replaced in its place. */
export function withView(before: readonly SavedView[], view: SavedView): SavedView[] {
  return before.some((known) => known.name === view.name) ? before.map((known) => (known.name === view.name ? view : known)) : [...before, view];
}

/** The views with one under another name; a view that had that name gives way. */
export function renamed(before: readonly SavedView[], name: string, to: string): SavedView[] {
  return before.filter((view) => view.name === name || view.name !== to).map((view) => (view.name === name ? { ...view, name: to } : view));
}
