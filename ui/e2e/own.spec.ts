import { againstServer, expect, expectAccessible, firstOfKind, settled, test } from "./fixtures";

// What a person keeps is theirs in every browser: these tests are another person than all others, and one at a time.
test.describe.configure({ mode: "serial" });

test.beforeEach(async ({ context, baseURL }) => {
  const { personas } = (await (await context.request.get("/api/app/session")).json()) as { personas: { ref: string }[] };
  const response = await context.request.post("/api/app/session", { data: { persona: personas[1]?.ref }, headers: { Origin: baseURL ?? "" } });
  expect(response.ok()).toBe(true);
});

test("a star and what was looked at last are there in another browser", async ({ page, browser, context, baseURL }) => {
  test.skip(!againstServer, "the stand-in tells browsers apart, not people");
  const { path, name } = await firstOfKind(page, "system");
  await page.goto(path);
  await settled(page);
  const star = page.getByRole("button", { name: /^Star/ });
  if ((await star.getAttribute("aria-pressed")) !== "true") {
    const kept = page.waitForResponse((response) => response.url().endsWith("/preferences/starred") && response.ok());
    await star.click();
    await kept;
  }
  await expect(star).toHaveAttribute("aria-pressed", "true");
  const elsewhere = await browser.newContext({ ...(baseURL !== undefined && { baseURL }), storageState: { cookies: await context.cookies(), origins: [] } });
  const other = await elsewhere.newPage();
  await other.goto("/");
  await settled(other);
  for (const section of ["Starred", "Recently opened"]) await expect(other.getByRole("region", { name: section }).getByRole("link").first()).toHaveAttribute("href", new RegExp(`/system/${name}$`));
  await other.goto("/catalog?q=is%3Astarred");
  await expect(other.locator(`tbody a[data-row-link][href$="/system/${name}"]`)).toBeVisible();
  await elsewhere.close();
});

test("a view is saved, found again, renamed, deleted and taken back", async ({ page }) => {
  await page.goto("/catalog?q=kind%3Aapi+lifecycle%3Aproduction&sort=-metadata.name");
  await settled(page);
  const views = page.getByRole("navigation", { name: "Views" });
  await views.getByRole("button", { name: "Save view" }).click();
  await page.getByRole("textbox", { name: "Name of the view" }).fill("Live APIs");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await page.goto("/catalog");
  await settled(page);
  await views.getByRole("link", { name: "Live APIs" }).click();
  await expect(page).toHaveURL(/q=kind%3Aapi\+lifecycle%3Aproduction&sort=-metadata\.name/);
  await views.getByRole("button", { name: "View Live APIs" }).click();
  await page.getByRole("menuitem", { name: "Copy link" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("/catalog?q=kind%3Aapi+lifecycle%3Aproduction");
  await views.getByRole("button", { name: "View Live APIs" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name of the view" }).fill("APIs in use");
  await page.keyboard.press("Enter");
  await expect(views.getByRole("link", { name: "APIs in use" })).toBeVisible();
  await expect(views.getByRole("link", { name: "Live APIs" })).toHaveCount(0);
  await views.getByRole("button", { name: "View APIs in use" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(views.getByRole("link", { name: "APIs in use" })).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect(views.getByRole("link", { name: "APIs in use" })).toBeVisible();
});

test("the catalog begins with what one chose", async ({ page }) => {
  await page.goto("/settings");
  await settled(page);
  const begins = page.getByRole("combobox", { name: "The catalog begins with" });
  const kept = page.waitForResponse((response) => response.url().includes("/preferences/catalog.query"));
  await begins.selectOption("owner:me");
  await kept;
  await page.goto("/catalog");
  await expect(page.getByRole("combobox", { name: "Query" })).toHaveValue("owner:me");
  await page.goto("/settings");
  const again = page.waitForResponse((response) => response.url().includes("/preferences/catalog.query"));
  await begins.selectOption("kind:component");
  await again;
});

test("columns are chosen per kind and stay", async ({ page }) => {
  await page.goto("/catalog?q=kind%3Acomponent");
  await settled(page);
  const header = page.getByRole("columnheader", { name: "Tags" });
  await expect(header).toHaveCount(0);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Tags" }).click();
  await page.keyboard.press("Escape");
  await expect(header).toBeVisible();
  await page.reload();
  await expect(header).toBeVisible();
  await page.goto("/catalog?q=kind%3Aapi");
  await settled(page);
  await expect(header).toHaveCount(0);
});

for (const format of ["CSV", "JSON"] as const) {
  test(`all rows of a query are saved as ${format}, not the page alone`, async ({ page }) => {
    await page.goto("/catalog?q=&page=2");
    await settled(page);
    const total = Number((await page.getByRole("status").filter({ hasText: /entit/ }).innerText()).replace(/[^0-9]/g, ""));
    expect(total).toBeGreaterThan(50);
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: `All rows as ${format}` }).click();
    const stream = await (await download).createReadStream();
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    const rows = format === "JSON" ? (JSON.parse(text) as unknown[]).length : text.split("\r\n").filter((line) => /^[a-z]+:/.test(line)).length;
    expect(rows).toBe(total);
  });
}

test("an export can be cancelled", async ({ page }) => {
  await page.goto("/catalog?q=");
  await settled(page);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/catalog/entities/by-query", async (route) => {
    await held;
    await route.abort().catch(() => undefined);
  });
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("menuitem", { name: "All rows as CSV" }).click();
  // At nothing done it has no width yet.
  await expect(page.getByRole("progressbar", { name: "Exporting" })).toBeAttached();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("The export was cancelled; nothing was saved")).toBeVisible();
  release();
});

test("settings count at once: dark, roomy rows, no single-letter keys", async ({ page }) => {
  await page.goto("/settings");
  await settled(page);
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.getByRole("radio", { name: "Roomy" }).check();
  await page.getByRole("switch", { name: "Single-letter keys" }).click();
  await expectAccessible(page);
  await page.goto("/catalog");
  await settled(page);
  await expect(page.locator("[data-roomy=true]")).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.locator("tbody tr").first().locator("a[data-row-link]")).not.toBeFocused();
});
