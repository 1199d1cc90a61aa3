import { sessionQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { kindsQuery, ownedQuery } from "./queries";

export const homeRoutes: PageRoute[] = [
  {
    path: routePatterns.home,
    page: () => import("./HomePage"),
    load: async ({ queryClient }) => {
      const kinds = queryClient.query(kindsQuery());
      const { principal } = await queryClient.query({ ...sessionQuery(), staleTime: "static" });
      await Promise.all([kinds, queryClient.query(ownedQuery(principal.ownershipRefs))]);
    },
  },
];
