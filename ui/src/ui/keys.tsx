import { createContext, useContext, useEffect, useMemo, useRef, type ReactNode } from "react";
import { isBoolean, stored } from "@/lib/storage";

/** Whether single letters do something (WCAG 2.1.4 wants a way to switch them off). */
export const singleKeys = stored("singleKeys", true, isBoolean);

/** A key or a sequence, "j" or "g c" or "mod+k", and what it does. */
export interface KeyBinding {
  keys: string;
  label: string;
  group: string;
  run: () => void;
}

const SEQUENCE_MS = 1200;

/** Holds the bindings of everything that is mounted; the last one mounted wins. */
export class KeyRegistry {
  #bindings: KeyBinding[] = [];
  #pending = "";
  #pendingUntil = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  add(bindings: readonly KeyBinding[]): () => void {
    this.#bindings = [...this.#bindings, ...bindings];
    return () => {
      this.#bindings = this.#bindings.filter((binding) => !bindings.includes(binding));
    };
  }

  list(): readonly KeyBinding[] {
    return this.#bindings;
  }

  /** Runs what the key is bound to. Returns whether something was. */
  press(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "target">): boolean {
    if (event.altKey) return false;
    const mod = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (mod) return this.#run(`mod+${key}`);
    if (!singleKeys.get() || isEditable(event.target) || insideDialog(event.target)) return false;
    const sequence = this.#pending !== "" && this.now() < this.#pendingUntil ? `${this.#pending} ${key}` : key;
    this.#pending = "";
    if (this.#run(sequence)) return true;
    if (this.#bindings.some((binding) => binding.keys.startsWith(`${key} `))) {
      this.#pending = key;
      this.#pendingUntil = this.now() + SEQUENCE_MS;
    }
    return false;
  }

  #run(keys: string): boolean {
    const binding = this.#bindings.findLast((candidate) => candidate.keys === keys);
    binding?.run();
    return binding !== undefined;
  }
}

function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox],[type=radio]), textarea, select"));
}

function insideDialog(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("[role=dialog], [role=menu], [role=listbox]") !== null;
}

const KeyContext = createContext<KeyRegistry | null>(null);

export function KeyProvider({ children }: { children: ReactNode }) {
  const registry = useMemo(() => new KeyRegistry(), []);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!event.defaultPrevented && registry.press(event)) event.preventDefault();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [registry]);
  return <KeyContext value={registry}>{children}</KeyContext>;
}

export function useKeyRegistry(): KeyRegistry {
  const registry = useContext(KeyContext);
  if (!registry) throw new Error("useKeyRegistry needs a KeyProvider above it");
  return registry;
}

/** Binds keys while the component is mounted. The bindings may change at each render; their keys are compared. */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const registry = useKeyRegistry();
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  const shape = bindings.map((binding) => `${binding.keys}\n${binding.label}\n${binding.group}`).join("\n\n");
  useEffect(() => {
    return registry.add(latest.current.map((binding, index) => ({ ...binding, run: () => latest.current[index]?.run() })));
  }, [registry, shape]);
}
