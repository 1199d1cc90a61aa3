import { preferencesQuery, valueOf } from "@/api/preferences";
import { entitiesQuery, modelQuery, sessionQuery } from "@/api/queries";
import { defaultQuery } from "@/components/default-query";
import { ownFieldsOfKind } from "@/components/entity/own-fields";
import { queryFromBackstage } from "@/lib/backstage-links";
import { paths, routePatterns } from "@/lib/paths";
import { singleKind } from "@/lib/query/facets";
import { formatQuery, parseQuery } from "@/lib/query/grammar";
import { firstOf } from "@/lib/search-params";
import type { PageRoute } from "@/ui/page-route";
import { aboutPerson, pageRequest, viewFromSearch } from "./view";

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
      const preferences = await queryClient.query({ ...preferencesQuery(), staleTime: "static" }).catch(() => undefined);
      const view = viewFromSearch(search, valueOf(preferences, defaultQuery));
      const { terms } = parseQuery(view.query);
      if (aboutPerson(terms).starred) return;
      const kind = singleKind(terms);
      const model = kind === undefined ? undefined : await queryClient.query(modelQuery()).catch(() => undefined);
      const fields = kind !== undefined && model ? ownFieldsOfKind(model, kind) : [];
      await queryClient.query(entitiesQuery(pageRequest(view, { ownershipRefs: principal.ownershipRefs }, fields)));
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
