import { pluginQuery, pluginsQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

export const pluginRoutes: PageRoute[] = [
  { path: routePatterns.plugins, page: () => import("./PluginsPage"), load: ({ queryClient }) => queryClient.query(pluginsQuery()) },
  { path: routePatterns.plugin, page: () => import("./PluginPage"), load: ({ queryClient, params }) => queryClient.query(pluginQuery(params.id ?? "")) },
];
