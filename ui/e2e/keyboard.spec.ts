import { expect, expectAccessible, settled, test } from "./fixtures";

test("⌘K finds an entity and goes there", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("Control+k");
  const input = page.getByRole("combobox", { name: "Search entities, pages and actions" });
  await expect(input).toBeFocused();
  await expectAccessible(page);
  const { items } = (await (await page.request.post("/api/catalog/entities/by-query", { data: { query: { kind: "system" }, limit: 1 } })).json()) as { items: { metadata: { name: string } }[] };
  const name = items[0]?.metadata.name ?? "";
  await input.fill(name);
  await expect(page.getByRole("option").filter({ hasText: "System" }).first()).toBeVisible();
  await page.getByRole("option").filter({ hasText: "System" }).first().click();
  await expect(page).toHaveURL(new RegExp(`/catalog/[^/]+/system/${name}$`, "i"));
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("⌘K picks with the arrows and Enter, and closes with Escape", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Search entities, pages and actions" })).toBeFocused();
  await page.keyboard.type("health");
  await expect(page.getByRole("option", { selected: true })).toContainText("Health");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/health$/);
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("g c, j, Enter, Back: the focus returns to the row that was left", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page.getByRole("table")).toBeVisible();
  for (let step = 0; step < 3; step++) await page.keyboard.press("j");
  const link = page.locator("tbody tr").nth(2).locator("a[data-row-link]");
  await expect(link).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/catalog\/[^/]+\/component\//);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await page.goBack();
  await expect(page.locator("tbody tr").nth(2).locator("a[data-row-link]")).toBeFocused();
});

test("Back restores how far one had scrolled", async ({ page }) => {
  await page.goto("/catalog?q=");
  await settled(page);
  await page.evaluate(() => window.scrollTo(0, 700));
  const before = await page.evaluate(() => window.scrollY);
  expect(before).toBeGreaterThan(300);
  await page.locator("tbody tr").nth(25).locator("a[data-row-link]").click();
  await expect(page.getByRole("navigation", { name: "Parts of this entity" })).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(0);
  await page.goBack();
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(before);
});

test("x selects, s stars, / filters, k goes back up", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(page.locator("tbody tr").first().locator("a[data-row-link]")).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByText("1 selected")).toBeVisible();
  await expect(page.locator("tbody tr").first().getByRole("checkbox")).toBeChecked();
  // Stars are the person's, who may have starred it before.
  const star = page.locator("tbody tr").first().getByRole("button", { name: /^Star/ });
  const before = await star.getAttribute("aria-pressed");
  await page.keyboard.press("s");
  await expect(star).toHaveAttribute("aria-pressed", before === "true" ? "false" : "true");
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Query" })).toBeFocused();
});

test("? shows the keys, and single letters can be switched off", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await expect(help.getByText("Next row")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "Single-letter keys" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("j");
  await expect(page.locator("tbody tr").first().locator("a[data-row-link]")).not.toBeFocused();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();
});

test("the skip link leads past the navigation", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

for (const [keys, url] of [["g h", /\/$/], ["g a", /kind%3Aapi/], ["g t", /\/catalog\/-\/org$/], ["g b", /\/catalog\/-\/problems$/], ["g p", /\/plugins$/], ["g s", /\/health$/]] as const) {
  test(`${keys} goes there`, async ({ page }) => {
    await page.goto("/settings");
    await settled(page);
    for (const key of keys.split(" ")) await page.keyboard.press(key);
    await expect(page).toHaveURL(url);
    await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  });
}
