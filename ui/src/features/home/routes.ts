import { preferencesQuery } from "@/api/preferences";
import { problemsQuery, sessionQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { kindsQuery, MOST_PROBLEMS, ownedQuery } from "./queries";

export const homeRoutes: PageRoute[] = [
  {
    path: routePatterns.home,
    page: () => import("./HomePage"),
    load: async ({ queryClient }) => {
      const kinds = queryClient.query(kindsQuery());
      const { principal } = await queryClient.query({ ...sessionQuery(), staleTime: "static" });
      await Promise.all([kinds, queryClient.query(ownedQuery(principal.ownershipRefs)), queryClient.query(problemsQuery({ owners: principal.ownershipRefs, limit: MOST_PROBLEMS })), queryClient.query(preferencesQuery())]);
    },
  },
];
