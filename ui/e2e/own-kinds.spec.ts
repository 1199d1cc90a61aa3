import { expect, expectAccessible, expectNoSidewaysScroll, settled, test } from "./fixtures";

// A kind that a plugin declares, as examples/datasets does; a server without that plugin has nothing to show here.
test.beforeEach(async ({ request }) => {
  const response = await request.post("/api/catalog/entities/by-query", { data: { query: { kind: "dataset" }, limit: 1 } });
  const { totalItems } = (await response.json()) as { totalItems: number };
  test.skip(totalItems === 0, "needs datasets");
});

test("the fields of a plugin's kind are columns, facets and lines of a view", async ({ page }) => {
  await page.goto("/catalog?q=kind%3Adataset");
  await settled(page);
  await expect(page.getByRole("columnheader", { name: "Stored in" })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Owner of the storage" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("columnheader", { name: "Owner of the storage" })).toBeVisible();

  const personal = page.getByRole("group", { name: "Personal data" });
  const yes = personal.getByRole("checkbox", { name: /^Yes/ });
  const count = ((await yes.getAttribute("aria-label")) ?? "").replace("Yes, ", "");
  await yes.check();
  await expect(page).toHaveURL(/q=kind%3Adataset\+spec\.personal%3Atrue/);
  await expect(page.getByRole("status").filter({ hasText: /entit/ })).toHaveText(new RegExp(`^${count}\\s`));
  await expect(personal.getByRole("checkbox", { name: /^No/ })).toBeVisible();

  const storage = page.getByRole("group", { name: "Stored in" }).getByRole("checkbox").first();
  await storage.check();
  await expect(page).toHaveURL(/relations\.storedIn%3Aresource%3A/);
  await storage.uncheck();
  await page.getByRole("button", { name: "Kept for" }).click();
  await expect(page).toHaveURL(/sort=spec\.retentionDays/);

  const name = `Personal ${Date.now()}`;
  await page.getByRole("button", { name: "Save view" }).click();
  await page.getByRole("textbox", { name: "Name of the view" }).fill(name);
  await page.keyboard.press("Enter");
  await page.goto("/catalog");
  await settled(page);
  // Another browser remembers no columns: the view brings them.
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  const views = page.getByRole("navigation", { name: "Views" });
  await views.getByRole("link", { name }).click();
  await expect(page).toHaveURL(/sort=spec\.retentionDays.*columns=[^&]*spec\.storageOwner/);
  await expect(page.getByRole("columnheader", { name: "Owner of the storage" })).toBeVisible();
  await views.getByRole("button", { name: `View ${name}` }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
});

test("columns that a link names are changed in the link", async ({ page }) => {
  await page.goto("/catalog?q=kind%3Adataset&columns=owner%2Cspec.personal");
  await settled(page);
  await expect(page.getByRole("columnheader")).toHaveText(["", /Name/, /Owner/, /Personal data/, /Star/]);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Health" }).click();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/columns=owner%2Cspec\.personal%2Chealth/);
  await expect(page.getByRole("columnheader", { name: "Health" })).toBeVisible();
});

test("an export has the fields of the kind", async ({ page }) => {
  await page.goto("/catalog?q=kind%3Adataset");
  await settled(page);
  await page.getByRole("button", { name: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "All rows as CSV" }).click();
  const chunks: Buffer[] = [];
  for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer);
  const [header = "", first = ""] = Buffer.concat(chunks).toString().split("\r\n");
  expect(header.split(",")).toEqual(expect.arrayContaining(["ref", "spec.storedIn", "spec.retentionDays"]));
  expect(first).toMatch(/,resource:[^,/]+\/[^,]+/);
});

test("on a phone the fields are lines of a card", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/catalog?q=kind%3Adataset");
  await settled(page);
  await expect(page.getByRole("list", { name: /Datasets/ }).getByRole("listitem").first()).toContainText("Stored in");
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
