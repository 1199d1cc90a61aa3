import { createServer, type Server } from "node:http";
import type { Page } from "@playwright/test";
import { againstServer, expect, expectAccessible, expectNoSidewaysScroll, settled, test } from "./fixtures";

// Where the server may read descriptors from: scripts/test.sh allows it and names it here.
const host = process.env.CALLBOARD_TEST_CHANGES ?? "";
test.skip(!againstServer || host === "", "changes descriptors that it serves itself");

const target = `http://${host}/tides/catalog-info.yaml`;
const descriptor = (title: string) => `apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: zz-tide-archive, title: ${title}}
spec: {type: database, owner: group:default/streams}
`;
let text = descriptor("Tide archive");
let server: Server;

test.beforeAll(async () => {
  server = createServer((request, response) => {
    response.statusCode = request.url === "/tides/catalog-info.yaml" ? 200 : 404;
    response.end(response.statusCode === 200 ? text : "");
  });
  const [name = "", port = ""] = host.split(":");
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), name, resolve);
  });
});
test.afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

async function looksRight(page: Page, name: string): Promise<void> {
  const size = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: `test-results/shots/${name}-${colorScheme}-${width}.png` });
      await expectNoSidewaysScroll(page);
    }
    if (size) await page.setViewportSize(size);
  }
  await page.emulateMedia({ colorScheme: null });
}

test("a change is told with who and why, seen as it was, and a removed registration comes back", async ({ page }) => {
  const registered = (await (await page.request.get("/api/catalog/locations")).json()) as { data: { id: string; target: string } }[];
  for (const { data } of registered) if (data.target === target) await page.request.delete(`/api/catalog/locations/${data.id}`);
  const made = (await (await page.request.post("/api/catalog/locations", { data: { type: "url", target } })).json()) as { location: { id: string } };
  const there = async () => (await page.request.get("/api/catalog/entities/by-name/resource/default/zz-tide-archive")).status();
  await expect.poll(there).toBe(200);
  text = descriptor("Archive of the tides");
  await page.request.post("/api/catalog/refresh", { data: { entityRef: "resource:default/zz-tide-archive" } });
  await expect.poll(async () => (await (await page.request.get("/api/catalog/history?ref=resource:zz-tide-archive&action=updated")).json()) as { items: unknown[] }).toMatchObject({ items: [{ action: "updated" }] });

  await page.goto("/catalog/default/resource/zz-tide-archive/changes");
  await settled(page);
  const changed = page.getByRole("listitem").filter({ hasText: "its source was read again" }).first();
  await expect(changed).toContainText("metadata.title");
  await expect(changed).toContainText("Tide archive");
  await expect(page.getByText("its location was registered").first()).toBeVisible();
  await looksRight(page, "entity-changes");

  await page.getByRole("link", { name: /^As it was/ }).last().click();
  await expect(page.getByRole("heading", { name: /As it was at revision/ })).toBeVisible();
  await expect(page.getByText("title: Tide archive")).toBeVisible();
  await looksRight(page, "entity-as-of");

  await page.request.delete(`/api/catalog/locations/${made.location.id}`);
  await expect.poll(there).toBe(404);
  await page.goto("/catalog/-/changes?kind=resource&action=deleted");
  await settled(page);
  await expect(page.getByRole("listitem").filter({ hasText: "resource:default/zz-tide-archive" }).first()).toContainText("its location was unregistered");
  await looksRight(page, "changes");
  await page.getByRole("button", { name: `Register ${target} again` }).click();
  await expect(page.getByRole("status").filter({ hasText: "is registered again with 2 entities" })).toBeVisible();
  await expect.poll(there).toBe(200);
  await page.request.delete(`/api/catalog/locations/${made.location.id}`);
});
