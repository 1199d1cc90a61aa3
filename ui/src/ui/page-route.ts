import type { QueryClient } from "@tanstack/react-query";
import { createRoute, lazyRouteComponent, redirect, useParams, useSearch, type AnyRoute } from "@tanstack/react-router";
import type { ComponentType } from "react";
import type { Target } from "@/lib/paths";
import type { SearchParams } from "@/lib/search-params";

interface RouteArgs {
  params: Record<string, string>;
  search: SearchParams;
}

/** One line of the sitemap: a path, the chunk of its page, and the data that the page begins with. */
export interface PageRoute {
  path: string;
  page: () => Promise<{ default: ComponentType }>;
  /** Starts loading, also when a pointer rests on a link to the page. The page does not wait for it. */
  load?: (args: RouteArgs & { queryClient: QueryClient }) => Promise<unknown>;
  /** Sends old URLs elsewhere. */
  redirect?: (args: RouteArgs) => Target | undefined;
}

/** The parameters of the page in sight, as strings. */
export function usePageParams(): Partial<Record<string, string>> {
  return useParams({ strict: false });
}

/** The search parameters of the page in sight. */
export function usePageSearch(): SearchParams {
  return useSearch({ strict: false });
}

/** Mounts a page under the root. The only place that turns the router's own types into ours. */
export function mountPage(parent: AnyRoute, definition: PageRoute): AnyRoute {
  const { path, page, load, redirect: target } = definition;
  return createRoute({
    getParentRoute: () => parent,
    path,
    component: lazyRouteComponent(page),
    loaderDeps: ({ search }) => ({ search: search as SearchParams }),
    beforeLoad: ({ params, search }) => {
      const to = target?.({ params: params as Record<string, string>, search: search as SearchParams });
      // The router reads a thrown redirect as an answer, not as a failure.
      if (to) throw redirect({ to: to.to, search: to.search ?? {}, replace: true });
    },
    loader: ({ context, params, deps }) => {
      const { queryClient } = context as { queryClient: QueryClient };
      // A failure is shown by the part of the page that needs the data.
      load?.({ queryClient, params: params as Record<string, string>, search: deps.search }).catch(() => undefined);
    },
  }) as AnyRoute;
}
