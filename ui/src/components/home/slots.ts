import { createContext, useContext, type ComponentType } from "react";

/** What a part of the home page is told: through which refs the person owns things. */
export interface HomeSlotProps {
  ownershipRefs: readonly string[];
}

/**
 * Parts of the home page that other features bring; the app puts them in. Each draws its own section, with every
 * state of it, and draws nothing when it has nothing to say.
 */
export interface HomeSlots {
  /** What waits for the person: approvals, their running tasks. */
  waits?: ComponentType<HomeSlotProps>;
}

const SlotContext = createContext<HomeSlots>({});

export const HomeSlotsProvider = SlotContext.Provider;

export function useHomeSlots(): HomeSlots {
  return useContext(SlotContext);
}
