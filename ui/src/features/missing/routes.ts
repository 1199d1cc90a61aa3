import { routePatterns } from "@/lib/paths";
import type { PageRoute } from "@/ui/page-route";

const docs = () => import("./DocsPage");
const create = () => import("./CreatePage");

/** Addresses of Backstage whose features come as plugins. */
export const missingRoutes: PageRoute[] = [
  { path: routePatterns.docs, page: docs },
  { path: routePatterns.docsPage, page: docs },
  { path: routePatterns.create, page: create },
  { path: routePatterns.createPage, page: create },
];
