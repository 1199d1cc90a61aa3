import type { Icon } from "@tabler/icons-react";
import { createContext, useContext, useEffect, useMemo, useRef, useSyncExternalStore, type ReactNode } from "react";

/** Something that ⌘K offers: a page to go to or a thing to do. */
export interface Action {
  id: string;
  title: string;
  group: "pages" | "actions";
  icon?: Icon;
  /** More words to find it by. */
  keywords?: string;
  /** The keys that do the same, shown beside it. */
  keys?: string;
  run: () => void;
}

/** What is offered right now, by everything that is mounted. */
export class ActionRegistry {
  #actions: readonly Action[] = [];
  readonly #listeners = new Set<() => void>();

  add(actions: readonly Action[]): () => void {
    this.#set([...this.#actions, ...actions]);
    return () => this.#set(this.#actions.filter((action) => !actions.includes(action)));
  }

  readonly list = (): readonly Action[] => this.#actions;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(actions: readonly Action[]): void {
    this.#actions = actions;
    this.#listeners.forEach((listener) => listener());
  }
}

const ActionContext = createContext<ActionRegistry | null>(null);

export function ActionProvider({ children }: { children: ReactNode }) {
  const registry = useMemo(() => new ActionRegistry(), []);
  return <ActionContext value={registry}>{children}</ActionContext>;
}

function useRegistry(): ActionRegistry {
  const registry = useContext(ActionContext);
  if (!registry) throw new Error("actions need an ActionProvider above them");
  return registry;
}

export function useActionList(): readonly Action[] {
  const registry = useRegistry();
  return useSyncExternalStore(registry.subscribe, registry.list);
}

/** Offers actions while the component is mounted. */
export function useActions(actions: readonly Action[]): void {
  const registry = useRegistry();
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  const shape = actions.map((action) => `${action.id}\n${action.title}`).join("\n\n");
  useEffect(() => registry.add(latest.current.map((action, index) => ({ ...action, run: () => latest.current[index]?.run() }))), [registry, shape]);
}

/** Actions that match every typed word at the beginning of one of theirs. */
export function matchActions(actions: readonly Action[], typed: string): Action[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return actions.filter((action) => {
    const own = `${action.title} ${action.keywords ?? ""}`.toLowerCase().split(/\s+/);
    return words.every((word) => own.some((candidate) => candidate.startsWith(word)));
  });
}
