import { expect, expectAccessible, firstOfKind, settled, test } from "./fixtures";

/** 500 entities that hang together, the same at each run. */
function large(start: string) {
  let seed = 11;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  const ref = (index: number) => (index === 0 ? start : `component:default/part-${index}`);
  const nodes = Array.from({ length: 500 }, (_, index) => ({ ref: ref(index), kind: "Component", name: `part-${index}`, type: "service", depth: 1, ...(index % 4 !== 0 && { system: `system:default/s-${index % 30}` }) }));
  const edges = nodes.slice(1).map(({ ref: source }, index) => ({ source, type: "dependsOn", target: ref(random(index + 1)) }));
  for (let extra = 0; extra < 300; extra++) edges.push({ source: ref(random(500)), type: "consumesApi", target: ref(random(500)) });
  const unique = new Map(edges.map((edge) => [`${edge.source} ${edge.type} ${edge.target}`, edge]));
  return { nodes, edges: [...unique.values()], caps: [{ cap: "nodes", limit: 500, count: 1, entityRefs: [start] }] };
}

test("the graph is moved in by keyboard, and its view is an address", async ({ page }) => {
  const { path, name } = await firstOfKind(page, "system");
  await page.goto(`${path}/relations?view=graph`);
  await settled(page);
  const graph = page.getByRole("group", { name: /^Relations of / });
  const start = graph.locator("[data-start] a");
  await expect(start).toHaveAttribute("data-ref", `system:default/${name}`.toLowerCase());
  await start.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(graph.locator("a:focus")).not.toHaveAttribute("data-ref", `system:default/${name}`.toLowerCase());
  await expect(graph.getByText("has parts").or(graph.getByText("part of")).first()).toBeVisible();
  const size = () => start.evaluate((element) => element.getBoundingClientRect().width);
  const before = await size();
  await page.keyboard.press("-");
  expect(await size()).toBeLessThan(before);
  await page.keyboard.press("+");
  await page.keyboard.press("0");

  await page.getByRole("combobox", { name: "How many steps away" }).selectOption("2");
  await expect(page).toHaveURL(/depth=2/);
  await page.getByRole("button", { name: "Kinds", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: "Components" }).click();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/kinds=component/);
  await expect(graph.locator('[data-kind="group"]')).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("button", { name: "Kinds: 1" })).toBeVisible();

  await graph.locator("[data-start] a").focus();
  await page.keyboard.press("ArrowLeft");
  const next = (await graph.locator("a:focus").getAttribute("title")) ?? "";
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/catalog/[^/]+/[^/]+/${next.slice(next.indexOf("/") + 1)}$`, "i"));
});

test("what is hidden around an entity is shown on demand", async ({ page }) => {
  const { path } = await firstOfKind(page, "component");
  await page.goto(`${path}/relations?view=graph`);
  await settled(page);
  const nodes = page.getByRole("group", { name: /^Relations of / }).locator("[data-ref]");
  await expect(nodes.first()).toBeVisible();
  const before = await nodes.count();
  await page.getByRole("button", { name: /^Show \d+\+? more around / }).first().click();
  await expect(page).toHaveURL(/expand=/);
  await expect.poll(() => nodes.count()).toBeGreaterThan(before);
});

test("what breaks is named by owner, with the reason, and drawn", async ({ page }) => {
  const { path } = await firstOfKind(page, "api");
  await page.goto(`${path}/relations?view=graph`);
  await settled(page);
  await page.getByRole("button", { name: "What breaks if this goes" }).click();
  await expect(page).toHaveURL(/impact=1/);
  await expect(page.getByRole("heading", { level: 2, name: /^If .* goes$/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "What breaks if this goes" })).toHaveAttribute("aria-pressed", "true");
  await expectAccessible(page);
});

test("the list says what the graph says", async ({ page }) => {
  const { path } = await firstOfKind(page, "component");
  await page.goto(`${path}/relations?view=graph&depth=2`);
  await settled(page);
  await expect(page.locator("a[data-ref]").first()).toBeVisible();
  const refs = async (scope: string) => [...new Set(await page.locator(scope).evaluateAll((links) => links.map((link) => link.getAttribute("title"))))].sort();
  const drawn = await refs("a[data-ref]");
  await page.getByText("List", { exact: true }).click();
  await expect(page).toHaveURL(/view=list/);
  await expect(page.locator("a[data-ref]")).toHaveCount(0);
  expect(await refs("main ul[data-top] a[title]")).toEqual(drawn);
});

test("a phone gets the list unless it asks for the graph", async ({ page }) => {
  const { path } = await firstOfKind(page, "component");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${path}/relations`);
  await settled(page);
  await expect(page.getByRole("radio", { name: "List" })).toBeChecked();
  await page.getByText("Graph", { exact: true }).click();
  await expect(page.getByRole("group", { name: /^Relations of / })).toBeVisible();
});

test("500 entities are all drawn, each is reached by arrow keys, and what was cut is said", async ({ page }) => {
  const { path, name } = await firstOfKind(page, "component");
  test.setTimeout(180_000);
  const graph = large(`component:default/${name}`.toLowerCase());
  await page.route("**/api/catalog/graph", (route) => route.fulfill({ json: graph }));
  await page.goto(`${path}/relations?view=graph`);
  await settled(page);
  await expect(page.locator("a[data-ref]")).toHaveCount(500);
  await expect(page.getByText("Only the 500 nearest entities are shown.")).toBeVisible();
  await page.locator("[data-start] a").focus();
  const reached = await page.evaluate(() => {
    const seen = new Set<string | undefined>();
    const here = () => (document.activeElement instanceof HTMLElement ? document.activeElement.dataset.ref : undefined);
    const go = (key: string) => {
      for (let last: string | undefined | null = null; here() !== last; ) {
        last = here();
        seen.add(last);
        document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      }
    };
    go("ArrowUp");
    go("ArrowDown");
    return seen.size;
  });
  expect(reached).toBe(500);
});

test("the address of Backstage's graph leads to ours", async ({ page }) => {
  const { name } = await firstOfKind(page, "component");
  await page.goto(`/catalog-graph?rootEntityRefs[]=component:default/${name}`);
  await expect(page.getByRole("heading", { level: 1, name: `Relations of ${name}` })).toBeVisible();
  await expect(page).toHaveURL(/\/catalog\/-\/graph\?entity=/);
});
