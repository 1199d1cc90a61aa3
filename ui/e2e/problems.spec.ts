import { expect, expectAccessible, settled, test } from "./fixtures";

interface Counts {
  totalItems: number;
  counts: { types: { value: string; count: number }[] };
}

test("the counts of the filters are what choosing them lists, and the URL keeps the choice", async ({ page }) => {
  await page.goto("/catalog/-/problems");
  await settled(page);
  const total = page.getByRole("status").filter({ hasText: /problem/ });
  const { totalItems, counts } = (await (await page.request.get("/api/catalog/problems?limit=1")).json()) as Counts;
  await expect(total).toHaveText(new RegExp(`^${totalItems}\\s`));
  if (totalItems === 0) {
    await expect(page.getByText("Nothing is broken")).toBeVisible();
    return;
  }
  const boxes = page.getByRole("group", { name: "What is wrong" }).getByRole("checkbox");
  expect(await boxes.count()).toBe(counts.types.length);
  const label = (await boxes.first().getAttribute("aria-label")) ?? "";
  const count = label.split(", ").at(-1) ?? "";
  await boxes.first().check();
  await expect(total).toHaveText(new RegExp(`^${count}\\s`));
  await expect(page).toHaveURL(/type=/);
  expect(await page.locator("[data-row-id]").count()).toBe(Math.min(Number(count), 50));
  await page.reload();
  await settled(page);
  await expect(page.getByRole("group", { name: "What is wrong" }).getByRole("checkbox").first()).toBeChecked();
  await page.goBack();
  await expect(page).not.toHaveURL(/type=/);
});

test("j goes from problem to problem and Enter opens the entity", async ({ page }) => {
  await page.goto("/catalog/-/problems");
  await settled(page);
  const rows = page.locator("[data-row-id]");
  test.skip((await rows.count()) === 0, "this catalog has no problem");
  await page.keyboard.press("j");
  await expect(rows.first().locator("a[data-row-link]")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/catalog\/[^/]+\/[^/]+\/[^/]+$/);
});

test("Health leads to the problems, and names every part", async ({ page }) => {
  await page.goto("/health");
  await settled(page);
  const parts = page.getByRole("region", { name: "Parts of the portal" });
  for (const part of ["Database", "Replicas", "Search", "Plugins", "Locations", "Queue", "Last refresh"]) await expect(parts.getByText(part, { exact: true })).toBeVisible();
  await expect(parts.getByText("Could not be asked")).toHaveCount(0);
  await expectAccessible(page);
});
