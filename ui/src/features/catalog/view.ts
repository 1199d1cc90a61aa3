import { parseQuery, type Term } from "@/lib/query/grammar";
import { compileQuery, type QueryContext } from "@/lib/query/predicate";
import type { EntityQuery, ModelField } from "@/api/types";
import { DEFAULT_QUERY } from "@/components/default-query";
import { BRIEF_FIELDS } from "@/api/batch";
import { firstOf } from "@/lib/search-params";
import type { CatalogView } from "@/lib/paths";
import { singleKind } from "@/lib/query/facets";
import { parseSort } from "@/ui/table/columns";

/** Rows on one page. */
export const PAGE_SIZE = 50;


const LIST_FIELDS = [...BRIEF_FIELDS, "metadata.tags", "spec.system", "spec.domain", "spec.parent", "spec.members", "spec.memberOf", "spec.target", "spec.targets"];
const SORTABLE = /^[A-Za-z][A-Za-z0-9._/-]*$/;

/** The view that the URL describes. Nonsense in it reads as its default. */
export function viewFromSearch(search: Record<string, unknown>, initial: string = DEFAULT_QUERY): Required<Pick<CatalogView, "query" | "page">> & Pick<CatalogView, "sort" | "columns"> {
  const sort = firstOf(search, "sort");
  const columns = firstOf(search, "columns");
  const page = Number.parseInt(firstOf(search, "page") ?? "1", 10);
  return {
    query: firstOf(search, "q") ?? initial,
    page: Number.isFinite(page) && page > 0 ? page : 1,
    ...(sort !== undefined && SORTABLE.test(sort.replace(/^-/, "")) && { sort }),
    ...(columns !== undefined && { columns }),
  };
}

/** The same view of another query, from its first page on. Columns are chosen for one kind, and stay with it. */
export function viewOf(view: CatalogView, query: string): CatalogView {
  const kind = (text: string) => singleKind(parseQuery(text).terms);
  const { sort, columns } = view;
  return { query, ...(sort !== undefined && { sort }), ...(columns !== undefined && kind(query) === kind(view.query ?? "") && { columns }) };
}

/** What the terms can only be compiled with once it is known who asks: whose things are meant, or what is starred. */
export function aboutPerson(terms: readonly Term[]): { owner: boolean; starred: boolean } {
  const says = (key: string, word: string) => terms.some((term) => term.type === "field" && term.key === key && term.values.some((value) => value.match === "is" && value.text.toLowerCase() === word));
  return { owner: says("owner", "me") || says("is", "mine"), starred: says("is", "starred") };
}

/** The request for the page that the view shows, with the fields that only the kind in sight has. */
export function pageRequest(view: CatalogView, context: QueryContext, own: readonly Pick<ModelField, "path">[] = []): EntityQuery {
  const sort = parseSort(view.sort);
  const order = sort ? [`${sort.key},${sort.descending ? "desc" : "asc"}`] : [];
  return {
    ...compileQuery(parseQuery(view.query ?? DEFAULT_QUERY).terms, context),
    limit: PAGE_SIZE,
    offset: ((view.page ?? 1) - 1) * PAGE_SIZE,
    orderField: sort?.key === "metadata.name" ? order : [...order, "metadata.name,asc"],
    fields: [...LIST_FIELDS, ...own.map(({ path }) => path)],
  };
}
