import { preferencesQuery } from "@/api/preferences";
import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

export const settingsRoutes: PageRoute[] = [{ path: routePatterns.settings, page: () => import("./SettingsPage"), load: ({ queryClient }) => queryClient.query(preferencesQuery()) }];
