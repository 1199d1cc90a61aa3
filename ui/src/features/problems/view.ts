import type { ProblemsRequest } from "@/api/queries";
import { canonicalRef } from "@/lib/entity-ref";
import type { ProblemsView } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";
import { PROBLEM_TYPES } from "@/components/problem/words";

/** Problems on one page. */
export const PAGE_SIZE = 50;

const list = (search: Record<string, unknown>, key: string) => [
  ...new Set(
    (firstOf(search, key) ?? "")
      .split(",")
      .map((item) => item.trim())
      .filter(Boolean),
  ),
];

/** The view that the URL describes. Nonsense in it reads as absent. */
export function viewFromSearch(search: Record<string, unknown>): Required<ProblemsView> {
  const page = Number.parseInt(firstOf(search, "page") ?? "1", 10);
  const known: readonly string[] = PROBLEM_TYPES;
  return {
    types: list(search, "type").filter((type) => known.includes(type)),
    owners: list(search, "owner").map((owner) => (owner === "me" || owner === "none" ? owner : canonicalRef(owner, { kind: "group" }))),
    kinds: list(search, "kind").map((kind) => kind.toLowerCase()),
    page: Number.isFinite(page) && page > 0 ? page : 1,
  };
}

/** The request for the page that the view shows; `me` is everything through which the person owns things. */
export function requestOf(view: Required<ProblemsView>, ownershipRefs: readonly string[]): ProblemsRequest {
  const owners = [...new Set(view.owners.flatMap((owner) => (owner === "me" ? ownershipRefs : [owner])))];
  return { types: view.types, owners, kinds: view.kinds, limit: PAGE_SIZE, offset: (view.page - 1) * PAGE_SIZE };
}

/** The values with one more, or one less. */
export function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter((known) => known !== value) : [...values, value];
}

/** Neighbours with the same first owner, in their order. */
export function byOwner<Item extends { owners: readonly string[] }>(items: readonly Item[]): { owner: string | undefined; items: Item[] }[] {
  const groups: { owner: string | undefined; items: Item[] }[] = [];
  for (const item of items) {
    const owner = item.owners[0];
    const last = groups.at(-1);
    if (last?.owner === owner && last) last.items.push(item);
    else groups.push({ owner, items: [item] });
  }
  return groups;
}
