import { pluginsQuery } from "@/api/queries";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";
import { pluginQuery, reviewQuery } from "./queries";

const page = () => import("./PluginPage");
const load: PageRoute["load"] = ({ queryClient, params }) => queryClient.query(pluginQuery(params.id ?? ""));

export const pluginRoutes: PageRoute[] = [
  { path: routePatterns.plugins, page: () => import("./PluginsPage"), load: ({ queryClient }) => queryClient.query(pluginsQuery()) },
  { path: routePatterns.installPlugin, page: () => import("./InstallPage") },
  { path: routePatterns.reviewRelease, page: () => import("./ReviewPage"), load: ({ queryClient, params }) => queryClient.query(reviewQuery(params.digest ?? "")) },
  { path: routePatterns.plugin, page, load },
  { path: routePatterns.pluginTab, page, load },
];
