import { stored } from "@/lib/storage";
import { useStored } from "@/ui/use-stored";

/** A query under a name. */
export interface SavedView {
  name: string;
  query: string;
  sort?: string;
}

function isViews(value: unknown): value is SavedView[] {
  return Array.isArray(value) && value.every((item: unknown) => typeof item === "object" && item !== null && "name" in item && typeof item.name === "string" && "query" in item && typeof item.query === "string");
}

// In this browser for now; this module is the only one that knows.
const views = stored<SavedView[]>("catalog.views", [], isViews);

export function useSavedViews(): readonly SavedView[] {
  return useStored(views);
}

/** Keeps the view; one with the same name is replaced. */
export function saveView(view: SavedView): void {
  views.set([...views.get().filter((known) => known.name !== view.name), view]);
}

/** Removes the view and returns what brings it back. */
export function removeView(name: string): () => void {
  const before = views.get();
  views.set(before.filter((view) => view.name !== name));
  return () => views.set(before);
}
