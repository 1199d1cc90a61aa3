/** A value in localStorage: read with a check, written as JSON, heard about in every tab. */
export interface Stored<T> {
  readonly get: () => T;
  readonly set: (value: T) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

const PREFIX = "callboard.";

/**
 * Binds a key. What does not pass `accepts` (another version's shape, a hand-edited value, forbidden storage)
 * reads as the fallback. `get` returns the same object until the text changes, as useSyncExternalStore needs.
 */
export function stored<T>(key: string, fallback: T, accepts: (value: unknown) => value is T): Stored<T> {
  const name = PREFIX + key;
  const listeners = new Set<() => void>();
  let text: string | null | undefined;
  let value = fallback;

  const read = (): string | null => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const parse = (source: string | null): T => {
    if (source === null) return fallback;
    try {
      const parsed: unknown = JSON.parse(source);
      return accepts(parsed) ? parsed : fallback;
    } catch {
      return fallback;
    }
  };

  return {
    get() {
      const current = read();
      if (current !== text) {
        text = current;
        value = parse(current);
      }
      return value;
    },
    set(next) {
      try {
        localStorage.setItem(name, JSON.stringify(next));
      } catch {
        // Full or forbidden storage: the choice lasts as long as the page.
        value = next;
      }
      listeners.forEach((listener) => listener());
    },
    subscribe(listener) {
      const onStorage = (event: StorageEvent) => {
        if (event.key === name || event.key === null) listener();
      };
      listeners.add(listener);
      window.addEventListener("storage", onStorage);
      return () => {
        listeners.delete(listener);
        window.removeEventListener("storage", onStorage);
      };
    },
  };
}

/** A check for `stored`: a list of strings. */
export function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** A check for `stored`: a boolean. */
export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}
