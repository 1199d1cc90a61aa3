import { problemsQuery, sessionQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { requestOf, viewFromSearch } from "./view";

export const problemRoutes: PageRoute[] = [
  {
    path: routePatterns.problems,
    page: () => import("./ProblemsPage"),
    load: async ({ queryClient, search }) => {
      const { principal } = await queryClient.query({ ...sessionQuery(), staleTime: "static" });
      await queryClient.query(problemsQuery(requestOf(viewFromSearch(search), principal.ownershipRefs)));
    },
  },
];
