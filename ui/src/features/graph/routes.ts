import { paths, routePatterns } from "@/lib/paths";
import { firstOf } from "@/lib/search-params";
import type { PageRoute } from "@/ui/page-route";

const page = () => import("./GraphPage");

/** The relations of any entities; Backstage's address for its catalog graph leads here. */
export const graphRoutes: PageRoute[] = [
  { path: routePatterns.graph, page },
  { path: routePatterns.catalogGraph, page, redirect: ({ search }) => paths.graph(firstOf(search, "rootEntityRefs[]") ?? firstOf(search, "rootEntityRefs")) },
];
