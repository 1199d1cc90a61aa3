import { expect, expectAccessible, expectNoSidewaysScroll, settled, test } from "./fixtures";

test("the policy is asked for somebody, and the question is in the address", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Policy" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Policy" })).toBeFocused();
  await page.getByRole("button", { name: "Ask" }).click();
  await expect(page.getByText("Name a user and a permission.").first()).toBeVisible();
  await page.getByRole("combobox", { name: "User" }).fill("user:development/guest");
  await page.getByRole("combobox", { name: "Permission" }).fill("catalog.entity.refresh");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Ask" }).click();
  await expect(page).toHaveURL(/\/policy\?user=user%3Adevelopment%2Fguest&permission=catalog\.entity\.refresh$/);
  await expect(page.getByText(/^Allowed with (every entity|entities where)$/)).toBeVisible();
  await page.getByText("What the policy saw").click();
  await expect(page.getByRole("figure", { name: "What the policy saw" })).toContainText('"user:development/guest"');
  await settled(page);
  await expectAccessible(page);
});

test("on a phone the form is one column", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/policy");
  await settled(page);
  await expectNoSidewaysScroll(page);
});
