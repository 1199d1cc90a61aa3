import { infoQuery, pluginsQuery, problemsQuery, readinessQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

export const healthRoutes: PageRoute[] = [
  {
    path: routePatterns.health,
    page: () => import("./HealthPage"),
    load: ({ queryClient }) => Promise.all([queryClient.query(readinessQuery()), queryClient.query(infoQuery()), queryClient.query(pluginsQuery()), queryClient.query(problemsQuery({ limit: 5 }))]),
  },
];
