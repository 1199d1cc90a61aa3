import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { renderPage, serve, type Handler } from "@/ui/test-page";
import { entityRoutes } from "./routes";

const target = "https://git.example.com/gauges/catalog-info.yaml";
const entity = (name: string, origin: string, etag = "1") => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Resource",
  metadata: { name, namespace: "default", etag, annotations: { "backstage.io/managed-by-origin-location": origin } },
  spec: { type: "database" },
});
const registered = { id: "l-1", type: "url", target, entityRef: "location:default/generated-1" };

const ENTITY = "GET /api/catalog/entities/by-name/resource/default/archive";
const REFS = "POST /api/catalog/entities/by-refs";
const QUERY = "POST /api/catalog/entities/by-query";
const LOCATIONS = "POST /api/catalog/locations/by-query";
const REMOVE = "DELETE /api/catalog/locations/l-1";
const RESTORE = "POST /api/catalog/history/locations/l-1/restore";
const REFRESH = "POST /api/catalog/refresh";

const says = (body: unknown): Handler => () => ({ body });
const session = { "GET /api/app/session": says({ principal: { ref: "user:default/brook.millstone", displayName: "Brook Millstone", ownershipRefs: [] }, mode: "development" }) };
const brings = (count: number): Handler => says({ items: Array.from({ length: Math.min(count, 20) }, (_, index) => entity(`part-${index}`, `url:${target}`)), totalItems: count, pageInfo: {} });

/** Opens the entity's menu and chooses from it. */
async function choose(item: string) {
  const router = await renderPage(entityRoutes, "/catalog/default/resource/archive");
  await userEvent.click(await screen.findByRole("button", { name: "More actions" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: item }));
  return router;
}

describe("unregistering", () => {
  it("lists everything that goes, takes it out, and can be taken back", async () => {
    let there = true;
    const asked = serve({
      ...session,
      [ENTITY]: says(entity("archive", `url:${target}`)),
      [LOCATIONS]: says({ items: [{ ...registered, id: "other", target: target.toUpperCase() }, registered] }),
      [QUERY]: brings(23),
      [REMOVE]: () => {
        there = false;
        return { status: 204 };
      },
      [RESTORE]: () => {
        there = true;
        return { status: 201, body: { location: registered, entityRefs: ["component:default/archive"], entities: 1, pending: false } };
      },
      [REFS]: () => ({ body: { items: [there ? entity("archive", `url:${target}`) : null] } }),
    });
    const router = await choose("Unregister");
    const dialog = await screen.findByRole("dialog", { name: `Unregister ${target}?` });
    await within(dialog).findByText("23 entities came in by this location and go with it:");
    expect(within(dialog).getAllByRole("listitem")).toHaveLength(21);
    expect(within(dialog).getByText("and 3 more")).toBeTruthy();
    expect(asked).toHaveBeenCalledWith("POST", "/api/catalog/entities/by-query", expect.objectContaining({ query: { "metadata.annotations.backstage.io/managed-by-origin-location": `url:${target}` }, limit: 20 }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Unregister" }));
    await screen.findByText(`${target} is unregistered`);
    expect(router.state.location.pathname).toBe("/catalog");
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));
    await screen.findByText(new RegExp("is registered again"));
    expect(asked).toHaveBeenCalledWith("POST", "/api/catalog/history/locations/l-1/restore", {});
  });
  it.each([
    ["the configuration", "file:/etc/callboard/catalog-info.yaml", "comes from the configuration"],
    ["a plugin", "plugin:ldap", "No registered location brings this entity"],
  ])("is not offered for what %s brings, and says what to change", async (_, origin, want) => {
    const asked = serve({ ...session, [ENTITY]: says(entity("archive", origin)), [LOCATIONS]: says({ items: [] }), [REFS]: says({ items: [] }) });
    await choose("Unregister");
    const dialog = await screen.findByRole("dialog", { name: "Unregister archive" });
    await within(dialog).findByText(new RegExp(want));
    expect(dialog.textContent).toContain(origin.slice(origin.indexOf(":") + 1));
    expect(within(dialog).queryByRole("button", { name: "Unregister" })).toBeNull();
    expect(asked.mock.calls.some(([method]) => method === "DELETE")).toBe(false);
  });
  it("waits until it is known what goes, and names a request that failed", async () => {
    let broken = true;
    serve({ ...session, [ENTITY]: says(entity("archive", `url:${target}`)), [LOCATIONS]: says({ items: [registered] }), [QUERY]: (body) => (broken ? { status: 500, body: {} } : brings(1)(body)), [REFS]: says({ items: [] }) });
    await choose("Unregister");
    const dialog = await screen.findByRole("dialog");
    expect((await within(dialog).findByRole("alert")).textContent).toContain("r-1");
    expect(within(dialog).getByRole<HTMLButtonElement>("button", { name: "Unregister" }).disabled).toBe(true);
    broken = false;
    await userEvent.click(within(dialog).getByRole("button", { name: "Try again" }));
    await within(dialog).findByText(/^1 entity came in/);
  });
  it("that fails leaves the dialog, and everything else as it was", async () => {
    serve({ ...session, [ENTITY]: says(entity("archive", `url:${target}`)), [LOCATIONS]: says({ items: [registered] }), [QUERY]: brings(1), [REMOVE]: () => ({ status: 403, body: { error: { name: "NotAllowedError", message: "the catalog is read-only" } } }), [REFS]: says({ items: [] }) });
    await choose("Unregister");
    const dialog = await screen.findByRole("dialog", { name: `Unregister ${target}?` });
    await within(dialog).findByText(/came in by this location/);
    await userEvent.click(within(dialog).getByRole("button", { name: "Unregister" }));
    expect((await within(dialog).findByRole("alert")).textContent).toContain("the catalog is read-only");
  });
});

describe("refreshing", () => {
  it("says that the source is read again, and shows what it brought", async () => {
    let etag = "1";
    const asked = serve({
      ...session,
      [ENTITY]: () => ({ body: entity(etag === "1" ? "archive" : "record", `url:${target}`) }),
      [REFS]: () => ({ body: { items: [entity("archive", `url:${target}`, etag)] } }),
      [REFRESH]: () => {
        etag = "2";
        return {};
      },
    });
    await choose("Refresh");
    await screen.findByText(/is read again/);
    await screen.findByRole("heading", { level: 1, name: "record" });
    expect(asked).toHaveBeenCalledWith("POST", "/api/catalog/refresh", { entityRef: "resource:default/archive" });
  });
  it("that fails says why", async () => {
    serve({ ...session, [ENTITY]: says(entity("archive", `url:${target}`)), [REFS]: says({ items: [null] }), [REFRESH]: () => ({ status: 403, body: { error: { name: "NotAllowedError", message: "not yours" } } }) });
    await choose("Refresh");
    await screen.findByText("archive cannot be refreshed: not yours");
  });
});
