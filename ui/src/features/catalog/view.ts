import { parseQuery, type Term } from "@/lib/query/grammar";
import { compileQuery, type QueryContext } from "@/lib/query/predicate";
import type { EntityQuery } from "@/api/types";
import { BRIEF_FIELDS } from "@/api/batch";
import { firstOf } from "@/lib/search-params";
import type { CatalogView } from "@/lib/paths";
import { parseSort } from "@/ui/table/columns";

/** Rows on one page. */
export const PAGE_SIZE = 50;

/** What the catalog shows when the URL says nothing. */
export const DEFAULT_QUERY = "kind:component";

const LIST_FIELDS = [...BRIEF_FIELDS, "metadata.tags", "spec.system", "spec.domain", "spec.parent", "spec.members", "spec.memberOf", "spec.target", "spec.targets"];
const SORTABLE = /^[A-Za-z][A-Za-z0-9._/-]*$/;

/** The view that the URL describes. Nonsense in it reads as its default. */
export function viewFromSearch(search: Record<string, unknown>): Required<Pick<CatalogView, "query" | "page">> & Pick<CatalogView, "sort"> {
  const sort = firstOf(search, "sort");
  const page = Number.parseInt(firstOf(search, "page") ?? "1", 10);
  return {
    query: firstOf(search, "q") ?? DEFAULT_QUERY,
    page: Number.isFinite(page) && page > 0 ? page : 1,
    ...(sort !== undefined && SORTABLE.test(sort.replace(/^-/, "")) && { sort }),
  };
}

/** Whether the terms can only be compiled once it is known who asks. */
export function needsOwnership(terms: readonly Term[]): boolean {
  return terms.some((term) => term.type === "field" && ((term.key === "owner" && term.values.some((value) => value.match === "is" && value.text.toLowerCase() === "me")) || term.key === "is"));
}

/** The request for the page that the view shows. */
export function pageRequest(view: CatalogView, context: QueryContext): EntityQuery {
  const sort = parseSort(view.sort);
  const order = sort ? [`${sort.key},${sort.descending ? "desc" : "asc"}`] : [];
  return {
    ...compileQuery(parseQuery(view.query ?? DEFAULT_QUERY).terms, context),
    limit: PAGE_SIZE,
    offset: ((view.page ?? 1) - 1) * PAGE_SIZE,
    orderField: sort?.key === "metadata.name" ? order : [...order, "metadata.name,asc"],
    fields: LIST_FIELDS,
  };
}
