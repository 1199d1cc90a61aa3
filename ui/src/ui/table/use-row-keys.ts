import { useRef, type RefObject } from "react";
import { useKeys } from "@/ui/keys";

interface RowActions {
  toggle?: (id: string) => void;
  star?: (id: string) => void;
}

const LINK = "a[data-row-link]";

/**
 * j and k move the focus from row to row, Enter follows the focused link as it always does, x selects, s stars.
 * The focus rests on the row's own link, so a screen reader hears the name and nothing needs a role of its own.
 */
export function useRowKeys(actions: RowActions): RefObject<HTMLDivElement | null> {
  const root = useRef<HTMLDivElement>(null);
  const links = () => [...(root.current?.querySelectorAll<HTMLAnchorElement>(LINK) ?? [])];
  const currentRow = () => document.activeElement?.closest<HTMLElement>("[data-row-id]");

  const move = (step: 1 | -1) => {
    const all = links();
    const row = currentRow();
    const at = all.findIndex((link) => row?.contains(link));
    const next = at < 0 ? (step === 1 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next]?.focus();
    all[next]?.closest("[data-row-id]")?.scrollIntoView({ block: "nearest" });
  };
  const focusedId = () => {
    const row = currentRow();
    return row && root.current?.contains(row) ? row.dataset.rowId : undefined;
  };
  const act = (action: keyof RowActions) => {
    const id = focusedId();
    if (id !== undefined) actions[action]?.(id);
  };

  useKeys([
    { keys: "j", label: "Next row", group: "Lists", run: () => move(1) },
    { keys: "k", label: "Previous row", group: "Lists", run: () => move(-1) },
    ...(actions.toggle ? [{ keys: "x", label: "Select row", group: "Lists", run: () => act("toggle") }] : []),
    ...(actions.star ? [{ keys: "s", label: "Star row", group: "Lists", run: () => act("star") }] : []),
  ]);
  return root;
}
