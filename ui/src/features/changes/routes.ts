import { changesQuery } from "@/api/history";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { viewFromSearch } from "./view";

export const changeRoutes: PageRoute[] = [
  {
    path: routePatterns.changes,
    page: () => import("./ChangesPage"),
    load: ({ queryClient, search }) => queryClient.infiniteQuery(changesQuery(viewFromSearch(search))),
  },
];
