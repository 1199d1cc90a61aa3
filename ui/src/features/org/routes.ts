import { orgQuery } from "@/components/org/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

export const orgRoutes: PageRoute[] = [{ path: routePatterns.org, page: () => import("./OrgPage"), load: ({ queryClient }) => queryClient.query(orgQuery()) }];
