import { expect, expectAccessible, firstOfKind, settled, test } from "./fixtures";

test("the tree of teams is walked with the arrows and followed with Enter", async ({ page }) => {
  await page.goto("/catalog/-/org");
  await settled(page);
  const tree = page.getByRole("tree", { name: "Teams of the company" });
  const items = tree.getByRole("treeitem");
  await page.getByRole("button", { name: "Collapse all" }).click();
  const roots = await items.count();
  // The first that has teams below it.
  const index = await items.evaluateAll((all) => all.findIndex((item) => item.hasAttribute("aria-expanded")));
  const first = items.nth(index);
  await first.focus();
  await expect(first).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("ArrowRight");
  await expect(first).toHaveAttribute("aria-expanded", "true");
  expect(await items.count()).toBeGreaterThan(roots);
  await page.keyboard.press("ArrowRight");
  await expect(items.nth(index + 1)).toBeFocused();
  await expect(items.nth(index + 1)).toHaveAttribute("aria-level", "2");
  await page.keyboard.press("ArrowLeft");
  await expect(first).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(items).toHaveCount(roots);
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/catalog\/[^/]+\/group\/[^/]+$/);
});

test("a name finds its team with the way to it, and the URL keeps it", async ({ page }) => {
  const { name } = await firstOfKind(page, "group");
  await page.goto("/catalog/-/org");
  await settled(page);
  await page.keyboard.press("/");
  const filter = page.getByRole("textbox", { name: "Find a team" });
  await expect(filter).toBeFocused();
  await filter.fill(name);
  await expect(page).toHaveURL(new RegExp(`filter=${name}`));
  await expect(page.getByRole("treeitem").last()).toBeVisible();
  await filter.fill("there-is-no-such-team");
  await expect(page.getByText("No team has that name")).toBeVisible();
  await page.getByRole("link", { name: "Show all teams" }).click();
  await expect(filter).toHaveValue("");
});

test("a group shows its members, what it owns and what of it is broken; with those below when asked", async ({ page }) => {
  await page.goto("/catalog/-/org");
  await settled(page);
  await page.locator("[role=treeitem][aria-expanded]").first().getByRole("link").click();
  await settled(page);
  const members = page.getByRole("region", { name: /^Members/ });
  const shown = () => members.getByRole("listitem").count();
  const direct = await shown();
  await page.getByRole("switch", { name: /^With the teams below it/ }).click();
  await expect.poll(shown).toBeGreaterThan(direct);
  await expect(page.getByRole("region", { name: "Owns" })).toBeVisible();
  await expect(page.getByRole("region", { name: /^Problems/ })).toBeVisible();
  await expectAccessible(page);
});

test("a person's page counts what they answer for as the list does", async ({ page }) => {
  const { principal } = (await (await page.request.get("/api/app/session")).json()) as { principal: { ref: string } };
  const [, namespace, name] = /^user:([^/]+)\/(.+)$/.exec(principal.ref) ?? [];
  await page.goto(`/catalog/${namespace ?? ""}/user/${name ?? ""}`);
  await settled(page);
  const kind = page.getByRole("region", { name: "Answers for" }).getByRole("link").first();
  const count = /([\d,]+)$/.exec((await kind.innerText()).trim())?.[1] ?? "";
  expect(count).not.toBe("");
  await kind.click();
  await expect(page.getByRole("status").filter({ hasText: /entit/ })).toHaveText(new RegExp(`^${count}\\s`));
});
