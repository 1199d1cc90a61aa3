import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRouter } from "@tanstack/react-router";
import { catalogRoutes } from "@/features/catalog/routes";
import { changeRoutes } from "@/features/changes/routes";
import { entityRoutes } from "@/features/entity/routes";
import { galleryRoutes } from "@/features/gallery/routes";
import { graphRoutes } from "@/features/graph/routes";
import { healthRoutes } from "@/features/health/routes";
import { homeRoutes } from "@/features/home/routes";
import { missingRoutes } from "@/features/missing/routes";
import { modelRoutes } from "@/features/model/routes";
import { orgRoutes } from "@/features/org/routes";
import { policyRoutes } from "@/features/policy/routes";
import { pluginRoutes } from "@/features/plugins/routes";
import { problemRoutes } from "@/features/problems/routes";
import { registerRoutes } from "@/features/register/routes";
import { settingsRoutes } from "@/features/settings/routes";
import { parseSearch, stringifySearch } from "@/lib/search-params";
import { mountPage } from "@/ui/page-route";
import { NotFoundPage, RouteError } from "./errors";
import { Shell } from "./shell/Shell";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Shell });

/** The sitemap: every page of the portal is a line in one of these lists. */
const pages = [...homeRoutes, ...catalogRoutes, ...registerRoutes, ...graphRoutes, ...orgRoutes, ...problemRoutes, ...modelRoutes, ...changeRoutes, ...entityRoutes, ...pluginRoutes, ...policyRoutes, ...healthRoutes, ...settingsRoutes, ...missingRoutes, ...galleryRoutes];

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: root.addChildren(pages.map((page) => mountPage(root, page))),
    context: { queryClient },
    parseSearch,
    stringifySearch,
    scrollRestoration: true,
    defaultPreload: "intent",
    defaultPreloadDelay: 50,
    // Freshness is the query cache's business.
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFoundPage,
  });
}
