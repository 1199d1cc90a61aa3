import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, Outlet, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { vi, type Mock } from "vitest";
import { parseSearch, stringifySearch } from "@/lib/search-params";
import { KeyProvider } from "./keys";
import { mountPage, type PageRoute } from "./page-route";
import { ToastProvider } from "./toast";

/** What a fake server says: a body, or a status with its body. */
export type Answer = { status?: number; body?: unknown };
export type Handler = (body: unknown) => Answer;

/** Answers by "METHOD /path"; what is not named is a 404. Every request is kept, so that tests can ask what was sent. */
export function serve(handlers: Record<string, Handler>): Mock<(method: string, path: string, body: unknown) => void> {
  const seen = vi.fn<(method: string, path: string, body: unknown) => void>();
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const method = init?.method ?? "GET";
    const path = input instanceof Request ? input.url : String(input);
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    seen(method, path, body);
    const { status = 200, body: answer } = handlers[`${method} ${path}`]?.(body) ?? { status: 404, body: { error: { name: "NotFoundError", message: `no ${method} ${path}` } } };
    return Promise.resolve(new Response(answer === undefined ? null : JSON.stringify(answer), { status, headers: { "X-Request-Id": "r-1", ...(answer === undefined && { "Content-Length": "0" }) } }));
  });
  return seen;
}

/** Draws pages at an address, with everything around them that a page may ask for. */
export async function renderPage(pages: readonly PageRoute[], address: string) {
  // The widgets ask for these; jsdom has neither.
  window.matchMedia = (media) => Object.assign(new EventTarget(), { matches: false, media }) as MediaQueryList;
  window.scrollTo = () => undefined;
  globalThis.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const root = createRootRoute({ component: Outlet });
  const router = createRouter({
    routeTree: root.addChildren(pages.map((page) => mountPage(root, page))),
    history: createMemoryHistory({ initialEntries: [address] }),
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultNotFoundComponent: () => <p>elsewhere</p>,
  });
  await router.load();
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={queryClient}>
        <ToastProvider>
          <KeyProvider>
            <RouterProvider router={router} />
          </KeyProvider>
        </ToastProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return router;
}
