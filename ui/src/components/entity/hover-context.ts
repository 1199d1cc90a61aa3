import { createContext, useContext } from "react";

export interface HoverCards {
  /** Shows the card of this entity beside the element, after a rest of the pointer or at once. */
  show: (ref: string, anchor: HTMLElement, at: "rest" | "once") => void;
  hide: () => void;
  /** The entity whose card is open. */
  current: string | undefined;
}

export const HoverContext = createContext<HoverCards | null>(null);

/** The one hover card of the page; absent in tests that render a link alone. */
export function useHoverCards(): HoverCards | null {
  return useContext(HoverContext);
}
