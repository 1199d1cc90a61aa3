import { useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

const STORE = "callboard.focus";

type Remembered = Record<string, string>;

function remembered(): Remembered {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Remembered) : {};
  } catch {
    return {};
  }
}

function remember(key: string, row: string): void {
  try {
    const recent = Object.entries(remembered()).filter(([known]) => known !== key).slice(-49);
    sessionStorage.setItem(STORE, JSON.stringify(Object.fromEntries([...recent, [key, row]])));
  } catch {
    // Without storage Back still restores the scroll position, only not the focus.
  }
}

const historyKey = (state: object): string => ("__TSR_key" in state && typeof state.__TSR_key === "string" ? state.__TSR_key : "");

/** Remembers which row was left through its link, and puts the focus back there when the person comes back. */
export function useRestoredRow(root: RefObject<HTMLElement | null>, ready: boolean): void {
  const key = useRouterState({ select: (state) => historyKey(state.location.state) });
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const onClick = (event: MouseEvent) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-row-id]") : null;
      if (row?.dataset.rowId !== undefined) remember(key, row.dataset.rowId);
    };
    element.addEventListener("click", onClick, { capture: true });
    return () => element.removeEventListener("click", onClick, { capture: true });
  }, [root, key]);
  useEffect(() => {
    const row = remembered()[key];
    if (!ready || row === undefined) return;
    root.current?.querySelector<HTMLElement>(`[data-row-id="${CSS.escape(row)}"] a[data-row-link]`)?.focus({ preventScroll: true });
  }, [root, key, ready]);
}

// Whether the heading that just left the document had the focus.
let carried = false;

/** The heading of a page. When its page replaces a skeleton, it takes over the focus that the skeleton's heading had. */
export function useHeadingFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const element = heading.current;
    if (carried) element?.focus({ preventScroll: true });
    carried = false;
    return () => {
      carried = element !== null && document.activeElement === element;
    };
  }, []);
  return heading;
}

/** After navigation to another page the focus goes to its h1, unless a list takes it back to the row that was left. */
export function useRouteFocus(): void {
  const router = useRouter();
  const last = useRef(router.state.location.pathname);
  useEffect(
    () =>
      router.subscribe("onRendered", ({ toLocation }) => {
        if (toLocation.pathname === last.current) return;
        last.current = toLocation.pathname;
        if (remembered()[historyKey(toLocation.state)] !== undefined) return;
        document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
      }),
    [router],
  );
}
