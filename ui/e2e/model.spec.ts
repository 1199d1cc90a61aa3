import { expect, expectAccessible, expectNoSidewaysScroll, settled, test } from "./fixtures";

test("the model is found by its name, and leads from a kind to its fields and entities", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("model of the");
  await page.getByRole("option", { name: /Model of the catalog/ }).click();
  await expect(page).toHaveURL(/\/catalog\/-\/model$/);
  await page.getByRole("navigation", { name: "Kinds" }).getByRole("link", { name: "Component" }).click();
  await expect(page).toHaveURL(/\?kind=component$/);
  const owner = page.getByRole("region", { name: "Fields" }).getByRole("listitem").filter({ hasText: "spec.owner" });
  await expect(owner).toContainText("refs, owned by");
  await expect(owner).toContainText("from catalog");
  await page.getByRole("link", { name: "Entities of this kind" }).click();
  await expect(page.getByRole("table").getByRole("row")).not.toHaveCount(0);
});

test("on a phone the kinds are one line that opens", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/catalog/-/model");
  await settled(page);
  await page.getByText("Kind: Everything").click();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.getByRole("navigation", { name: "Kinds" }).getByRole("link", { name: "Component" }).click();
  await expect(page).toHaveURL(/\?kind=component$/);
  await expect(page.getByText("Kind: Component")).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Kinds" })).toHaveCount(0);
});

test("a relation of a plugin is called what the plugin calls it", async ({ page }) => {
  const model = (await (await page.request.get("/api/catalog/model")).json()) as { kinds: { kind: string }[] };
  test.skip(!model.kinds.some(({ kind }) => kind === "Dataset"), "needs datasets");
  await page.goto("/catalog/-/model?kind=dataset");
  await settled(page);
  const fields = page.getByRole("region", { name: "Fields" }).getByRole("listitem");
  await expect(fields.filter({ hasText: "spec.storedIn" })).toContainText("refs, stored in");
  await expect(fields.filter({ hasText: "spec.storageOwner" })).toContainText("copied from spec.owner over stored in");
});
