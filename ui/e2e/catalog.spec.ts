import { againstServer, expect, settled, test } from "./fixtures";

test("facets, text and URL say the same", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  const query = page.getByRole("combobox", { name: "Query" });
  await expect(query).toHaveValue("kind:component");
  const owner = page.getByRole("group", { name: "Owner" }).getByRole("checkbox").first();
  const label = (await owner.getAttribute("aria-label")) ?? "";
  const [name = "", count = ""] = label.split(", ");
  await owner.check();
  await expect(query).toHaveValue(`kind:component owner:${name}`);
  await expect(page).toHaveURL(new RegExp(`q=kind%3Acomponent\\+owner%3A${encodeURIComponent(name)}`));
  await expect(page.getByRole("status").filter({ hasText: /entit/ })).toHaveText(new RegExp(`^${count}\\s`));
  await query.fill("kind:component");
  await expect(owner).not.toBeChecked();
  await page.goBack();
  await expect(page).not.toHaveURL(/owner/);
});

test("a negated term leaves out what the plain one finds", async ({ page }) => {
  const total = async (query: string) => {
    await page.goto(`/catalog?q=${encodeURIComponent(query)}`);
    const status = page.getByRole("status").filter({ hasText: /entit/ });
    await expect(status).toBeVisible();
    return Number((await status.innerText()).replace(/[^0-9]/g, ""));
  };
  const all = await total("kind:component");
  const withOwner = await total("kind:component owner:*");
  const without = await total("kind:component -owner:*");
  const production = await total("kind:component lifecycle:production");
  const rest = await total("kind:component -lifecycle:production");
  expect(withOwner + without).toBe(all);
  expect(production + rest).toBe(all);
  expect(production).toBeGreaterThan(0);
});

test("the query completes keys and values", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  const query = page.getByRole("combobox", { name: "Query" });
  await query.click();
  await query.press("End");
  await query.pressSequentially(" ow");
  await expect(page.getByRole("option", { name: "owner:" })).toBeVisible();
  await query.press("ArrowDown");
  await query.press("Enter");
  await expect(query).toHaveValue("kind:component owner:");
  await page.getByRole("option", { name: "me", exact: true }).click();
  await expect(page).toHaveURL(/q=kind%3Acomponent\+owner%3Ame/);
});

test("a query that finds nothing offers the nearest that does", async ({ page }) => {
  await page.goto("/catalog?q=kind%3Acomponent+name%3Athere-is-no-such-name");
  await page.getByRole("link", { name: "kind:component", exact: true }).click();
  await expect(page).toHaveURL(/q=kind%3Acomponent$/);
  await expect(page.getByRole("table")).toBeVisible();
});

test("sorting is in the URL and in the header", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.getByRole("button", { name: "Name" }).click();
  await expect(page).toHaveURL(/sort=-metadata\.name/);
  await expect(page.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "descending");
  await page.getByRole("button", { name: "Type" }).click();
  await expect(page).toHaveURL(/sort=spec\.type/);
});

test("selected rows are exported", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  expect((await download).suggestedFilename()).toBe("catalog.csv");
});

test("columns can be chosen and are remembered", async ({ page }) => {
  await page.goto("/catalog");
  await settled(page);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Lifecycle" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("columnheader", { name: "Lifecycle" })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("columnheader", { name: "Owner" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Lifecycle" })).toHaveCount(0);
});

test("on a phone rows are cards and facets a drawer", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/catalog");
  await settled(page);
  await expect(page.getByRole("table")).toHaveCount(0);
  await expect(page.getByRole("list", { name: /Components/ })).toBeVisible();
  await page.getByRole("button", { name: "Filters" }).click();
  await expect(page.getByRole("dialog").getByRole("group", { name: "Owner" })).toBeVisible();
});

test("pages follow each other in the URL", async ({ page }) => {
  test.skip(againstServer, "needs more than 50 components");
  await page.goto("/catalog");
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect(page.getByText("51–63 of 63")).toBeVisible();
  await page.goto("/catalog?page=9");
  await page.getByRole("link", { name: "Go to the first page" }).click();
  await expect(page.getByText("1–50 of 63")).toBeVisible();
});

for (const [from, to] of [
  ["/catalog?filters[kind]=api&filters[user]=all", /\/catalog\?q=kind%3Aapi$/],
  ["/catalog?filters[kind]=component&filters[user]=owned", /\/catalog\?q=kind%3Acomponent\+owner%3Ame$/],
  ["/api-docs", /\/catalog\?q=kind%3Aapi$/],
  ["/search?query=hello%20there", /\/catalog\?q=%22hello\+there%22$/],
] as const) {
  test(`Backstage's link ${from} leads somewhere sensible`, async ({ page }) => {
    await page.goto(from);
    await expect(page).toHaveURL(to);
    await settled(page);
  });
}
