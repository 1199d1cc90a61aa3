import { ACTIONS } from "@/components/changes/words";
import { canonicalRef } from "@/lib/entity-ref";
import type { ChangesView } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";

/** The view that the URL describes. Nonsense in it reads as absent. */
export function viewFromSearch(search: Record<string, unknown>): ChangesView {
  const owner = firstOf(search, "owner");
  const action = ACTIONS.find((known) => known === firstOf(search, "action"));
  const kind = firstOf(search, "kind")?.toLowerCase();
  return { ...(owner && { owner: canonicalRef(owner, { kind: "group" }) }), ...(kind && { kind }), ...(action && { action }) };
}
