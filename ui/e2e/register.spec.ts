import { createServer, type Server } from "node:http";
import type { Page } from "@playwright/test";
import { againstServer, expect, expectAccessible, expectNoSidewaysScroll, settled, test } from "./fixtures";

// Where the server may read descriptors from: scripts/test.sh allows it and names it here.
const host = process.env.CALLBOARD_TEST_DESCRIPTORS ?? "";
test.skip(!againstServer || host === "", "registers descriptors that it serves itself");

// Resources only: other tests count components while this one runs.
const resource = (name: string, title: string) => `apiVersion: backstage.io/v1alpha1
kind: Resource
metadata:
  name: ${name}
  title: ${title}
  description: Readings of every gauge since the first lock opened.
spec: {type: database, owner: group:default/streams}
`;
const files: Record<string, string> = {
  "/gauges/catalog-info.yaml": [resource("zz-gauge-archive", "Gauge archive"), resource("zz-gauge-cache", "Gauge cache"), resource("zz gauge", "Gauge")].join("---\n"),
};
const target = `http://${host}/gauges/catalog-info.yaml`;
const absent = `http://${host}/ferry-times/blob/main/catalog-info.yaml`;

const heading = (page: Page) => page.getByRole("heading", { level: 1, name: "Register a descriptor" });
const row = (page: Page, name: string) => page.getByRole("region", { name: "What it describes" }).getByRole("listitem").filter({ hasText: name });

/** What is on the page now, in both schemes and both widths. */
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

async function look(page: Page, address: string): Promise<void> {
  await page.getByRole("textbox", { name: "Address of the descriptor" }).fill(address);
  await page.getByRole("button", { name: "Look" }).click();
}

async function menu(page: Page, item: string): Promise<void> {
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

/** Nothing of an earlier run is registered. */
async function forget(page: Page): Promise<void> {
  const registered = (await (await page.request.get("/api/catalog/locations")).json()) as { data: { id: string; target: string } }[];
  for (const { data } of registered) if (data.target === target) await page.request.delete(`/api/catalog/locations/${data.id}`);
  await expect.poll(async () => (await page.request.get("/api/catalog/entities/by-name/resource/default/zz-gauge-archive")).status()).toBe(404);
}

let server: Server;
test.beforeAll(async () => {
  const [name = "", port = ""] = host.split(":");
  server = createServer((request, response) => {
    const text = files[request.url ?? ""];
    response.writeHead(text === undefined ? 404 : 200, { "Content-Type": "application/yaml" }).end(text);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(Number(port), name, resolve));
});
test.afterAll(() => server.close());

// One test: one host of descriptors, and each step stands on the one before.
test("a descriptor is looked at, registered, found, unregistered and taken back", async ({ page, watch }) => {
  test.setTimeout(240_000);
  watch.allow(/40[49]/);
  await forget(page);

  await test.step("the form is a click away, and takes an address and nothing else", async () => {
    await page.goto("/catalog");
    await page.getByRole("link", { name: "Register a descriptor" }).click();
    await expect(heading(page)).toBeFocused();
    await looksRight(page, "register");
    await look(page, "catalog-info.yaml");
    await expect(page.getByText("Write the whole address, beginning with https://")).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Address of the descriptor" })).toBeFocused();
    await look(page, "ftp://git.example.com/catalog-info.yaml");
    await expect(page.getByText("Only addresses that begin with http:// or https://")).toBeVisible();
    await looksRight(page, "register-mistake");
  });

  await test.step("the palette leads there too", async () => {
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("dialog").getByRole("combobox").or(page.getByRole("dialog").getByRole("textbox")).first().fill("import component");
    await expect(page.getByRole("option", { name: /Register a descriptor/ })).toBeVisible();
    await page.keyboard.press("Escape");
  });

  await test.step("a host that may not be read is named with what allows it", async () => {
    await look(page, "https://git.example.com/ferry-times/catalog-info.yaml");
    await expect(page.getByRole("alert")).toContainText("backend.reading.allow");
    await expect(page.getByRole("figure")).toHaveCount(0);
    await looksRight(page, "register-refused");
  });

  await test.step("where nothing is, a descriptor to begin with has the repository's name", async () => {
    await look(page, absent);
    await expect(page.getByRole("alert")).toContainText("does not exist");
    const suggestion = page.getByRole("figure", { name: "Suggested catalog-info.yaml" });
    await expect(suggestion).toContainText("name: ferry-times");
    await looksRight(page, "register-nothing");
    await page.getByRole("button", { name: "Copy Suggested catalog-info.yaml" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("kind: Component");
  });

  await test.step("what is there is shown before it is stored, with what is wrong and where", async () => {
    await look(page, target);
    await expect(row(page, "Gauge archive")).toContainText("New");
    await expect(page.getByRole("region", { name: "What it describes" }).getByRole("listitem")).toHaveCount(2);
    await expect(page.getByRole("region", { name: "What is left out" })).toContainText(/Line 20: metadata\.name/);
    await looksRight(page, "register-preview");
    // The address is a link to the same.
    await page.goto(page.url());
    await expect(row(page, "Gauge archive")).toContainText("New");
  });

  await test.step("registering leads to the entities", async () => {
    await page.getByRole("button", { name: /^Register 2.entities$/ }).press("Enter");
    const status = page.getByRole("status").filter({ hasText: "Registered" });
    await expect(status).toBeFocused();
    await expect(status).toContainText(/Its 2.entities are in the catalog/);
    await expect(row(page, "Gauge archive")).toContainText("In the catalog");
    await looksRight(page, "register-done");
    await page.goto(`/catalog/-/register?url=${encodeURIComponent(target)}`);
    await expect(page.getByRole("status").filter({ hasText: "This location is registered already" })).toBeVisible();
    await page.getByRole("link", { name: "Show them in the catalog" }).click();
    await expect(page.getByRole("table").getByRole("link", { name: "Gauge archive" })).toBeVisible();
    await page.getByRole("table").getByRole("link", { name: "Gauge archive" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Gauge archive" })).toBeVisible();
  });

  await test.step("refreshing brings what has changed", async () => {
    files["/gauges/catalog-info.yaml"] = [resource("zz-gauge-archive", "Gauge record"), resource("zz-gauge-cache", "Gauge cache")].join("---\n");
    await menu(page, "Refresh");
    await expect(page.getByText("The source of Gauge archive is read again")).toBeVisible();
    await expect(page.getByRole("heading", { level: 1, name: "Gauge record" })).toBeVisible();
  });

  await test.step("unregistering shows what goes, and can be taken back", async () => {
    await menu(page, "Unregister");
    const dialog = page.getByRole("dialog", { name: `Unregister ${target}?` });
    await expect(dialog.getByRole("list").getByText("resource:default/zz-gauge-cache")).toBeVisible();
    await expect(dialog.locator(":focus")).toHaveCount(1);
    await looksRight(page, "unregister");
    await dialog.getByRole("button", { name: "Unregister" }).click();
    await expect(page.getByText(`${target} is unregistered`)).toBeVisible();
    await expect(page).toHaveURL(/\/catalog$/);
    await expect.poll(async () => (await page.request.get("/api/catalog/entities/by-name/resource/default/zz-gauge-archive")).status()).toBe(404);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByText(`${target} is registered again`)).toBeVisible();
    await expect.poll(async () => (await page.request.get("/api/catalog/entities/by-name/resource/default/zz-gauge-archive")).status()).toBe(200);
  });

  await test.step("what the configuration brings says so", async () => {
    await page.goto("/catalog/default/component/stream-engine");
    await settled(page);
    await menu(page, "Unregister");
    const dialog = page.getByRole("dialog", { name: "Unregister Stream engine" });
    await expect(dialog).toContainText("comes from the configuration");
    await expect(dialog.getByRole("button", { name: "Unregister" })).toHaveCount(0);
    await looksRight(page, "unregister-configured");
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
  });

  await forget(page);
});
