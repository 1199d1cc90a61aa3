import { entitiesQuery, sessionQuery } from "@/api/queries";
import { queryFromBackstage } from "@/lib/backstage-links";
import { paths, routePatterns } from "@/lib/paths";
import { formatQuery } from "@/lib/query/grammar";
import { firstOf } from "@/lib/search-params";
import type { PageRoute } from "@/ui/page-route";
import { pageRequest, viewFromSearch } from "./view";

const page = () => import("./CatalogPage");

/** The catalog, and the addresses under which Backstage's links look for it. */
export const catalogRoutes: PageRoute[] = [
  {
    path: routePatterns.catalog,
    page,
    redirect: ({ search }) => {
      const query = queryFromBackstage(search);
      return query === undefined ? undefined : paths.catalog({ query });
    },
    load: async ({ queryClient, search }) => {
      const { principal } = await queryClient.query({ ...sessionQuery(), staleTime: "static" });
      await queryClient.query(entitiesQuery(pageRequest(viewFromSearch(search), principal)));
    },
  },
  { path: routePatterns.apiDocs, page, redirect: () => paths.apis() },
  {
    path: routePatterns.search,
    page,
    redirect: ({ search }) => {
      const text = firstOf(search, "query") ?? "";
      return paths.catalog({ query: text === "" ? "" : formatQuery([{ type: "text", text }]) });
    },
  },
];
