import { paths, routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

const page = () => import("./RegisterPage");

/** Registering a descriptor. Nothing loads ahead: a URL is read when its page is opened, not when a link is pointed at. */
export const registerRoutes: PageRoute[] = [
  { path: routePatterns.register, page },
  { path: routePatterns.catalogImport, page, redirect: () => paths.register() },
];
