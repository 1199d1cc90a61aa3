import { formatBytes } from "@/lib/units";
import type { Grant } from "./queries";

/** How far a capability is granted, as the sheet asks for it; keep leaves a narrower grant as it is. */
export type Choice = "keep" | "allow" | "narrow" | "deny";

/** What one row of the sheet holds. */
export interface Decision {
  choice: Choice | undefined;
  /** The narrower scope as JSON text. */
  scope: string;
}

/** The grant that a decision stands for; undefined while there is none, what there is is kept, or its text is no JSON object. */
export function grantOf(decision: Decision): Grant | undefined {
  if (decision.choice === "allow") return true;
  if (decision.choice === "deny") return false;
  if (decision.choice === "narrow") return scopeOf(decision.scope);
  return undefined;
}

/** The scope that a text spells, undefined for anything but a JSON object. */
export function scopeOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The decision that a stored grant came from. The host keeps an allowance as the scope that was looked at: the very
 * scope that is asked for reads as allowed.
 */
export function decisionOf(grant: unknown, requested: unknown): Decision {
  const narrower = typeof grant === "object" && grant !== null && !same(grant, requested);
  const scope = JSON.stringify(narrower ? grant : (requested ?? {}), null, 2);
  if (narrower) return { choice: "narrow", scope };
  if (grant === false) return { choice: "deny", scope };
  if (grant === true || (typeof grant === "object" && grant !== null)) return { choice: "allow", scope };
  return { choice: undefined, scope };
}

/** Whether two JSON values are the same, whatever the order of their keys. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/** What can be chosen: there is nothing to narrow where nothing has a scope. */
export function choicesOf(decision: Decision, asks: string | undefined, keeps = false): readonly Choice[] {
  const choices: Choice[] = asks === undefined && decision.choice !== "narrow" ? ["allow", "deny"] : ["allow", "narrow", "deny"];
  return keeps ? ["keep", ...choices] : choices;
}

/** A scope in the host's words, for people: undefined when there is none, and bytes with a unit. */
export function scopeWords(text: string): string | undefined {
  if (text === "" || text === "granted") return undefined;
  return text.replace(/\b(\d+) bytes\b/g, (_, bytes: string) => formatBytes(Number(bytes)));
}
