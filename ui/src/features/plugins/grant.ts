import type { Grant } from "./queries";

/** How far a capability is granted, as the sheet asks for it. */
export type Choice = "allow" | "narrow" | "deny";

/** What one row of the sheet holds. */
export interface Decision {
  choice: Choice | undefined;
  /** The narrower scope as JSON text. */
  scope: string;
}

/** The grant that a decision stands for; undefined while there is none, or its text is no JSON object. */
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

/** The decision that a stored grant came from. */
export function decisionOf(grant: unknown, requested: unknown): Decision {
  const scope = JSON.stringify(typeof grant === "object" && grant !== null ? grant : (requested ?? {}), null, 2);
  if (grant === true) return { choice: "allow", scope };
  if (grant === false) return { choice: "deny", scope };
  if (typeof grant === "object" && grant !== null) return { choice: "narrow", scope };
  return { choice: undefined, scope };
}
