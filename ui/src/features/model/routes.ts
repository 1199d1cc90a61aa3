import { modelQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

export const modelRoutes: PageRoute[] = [{ path: routePatterns.model, page: () => import("./ModelPage"), load: ({ queryClient }) => queryClient.query(modelQuery()) }];
