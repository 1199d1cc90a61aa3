import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { policyQuery } from "./queries";

export const policyRoutes: PageRoute[] = [{ path: routePatterns.policy, page: () => import("./PolicyPage"), load: ({ queryClient }) => queryClient.query(policyQuery()) }];
